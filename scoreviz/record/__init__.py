"""Video and picture writers (PyAV, Pillow): `video.VideoFile`, `gif.write_gif`, `picture.write_png`, `transcode.finish`.

`python -m scoreviz.record` is the process that records a window live: `recorder.py`, spoken to in `messages.py`.
A file under its final name is complete. Nothing is imported here: a window that never records pays nothing.
"""
