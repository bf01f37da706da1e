"""Which devices torch can use, and with how many threads."""

from __future__ import annotations

import json

import torch


def main() -> None:
    """Print torch's version, threads and devices."""
    cuda = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    found = {"torch": torch.__version__, "threads": torch.get_num_threads(), "cuda": cuda, "mps": torch.backends.mps.is_available()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
