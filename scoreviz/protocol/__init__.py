"""What the window and the engine say to each other. No Qt, no torch.

Wire format: each message is a 4-byte little-endian length, then that many bytes of msgpack: a map whose `type`
names the message (tagged msgspec Structs, see `messages`). Arrays are `{dtype, shape, data}`. The first message
each way is the handshake (`Hello`, `Welcome`) with the protocol's version.
"""
