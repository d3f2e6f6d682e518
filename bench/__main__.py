"""Which benchmarks are there? `make bench` runs them all; `make bench ARGS=handlers` runs one."""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = ("handlers", "intake", "service")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="all by default")
    for name in parser.parse_args().names or BENCHMARKS:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
