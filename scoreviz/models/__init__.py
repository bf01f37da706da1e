"""Image models: stored pictures with their exact score, and pretrained networks in local diffusers folders. Runs in the engine alone.

`loading.load_model` is the way in; one adapter a family. Nothing that is loaded can execute code.
"""
