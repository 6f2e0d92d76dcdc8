#!/usr/bin/env python3
"""Prints the figures that common.bash's turns left. Usage: table.py FIGURES [scale]

Of a rival the ratio is its time over that of the tool above it; of a floor, the time of the tool above it over the floor's.
"""
import statistics
import sys


def read(path):
    """[(group, [(kind, name, rows, [seconds], [KiB], {process: KiB})])], in the order in which they came first."""
    groups = {}
    for line in open(path):
        group, name, rows, seconds, kib, peaks = line.rstrip("\n").split("\t")
        kind, group = group.split(":", 1)
        entry = groups.setdefault(group, {}).setdefault((kind, name), (int(rows), [], [], {}))
        if seconds:
            entry[1].append(float(seconds))
        entry[2].append(int(kib))
        for peak in peaks.split():
            process, _, size = peak.partition("=")
            entry[3][process] = max(entry[3].get(process, 0), int(size))
    return [(group, [(kind, name, *entry) for (kind, name), entry in entries.items()])
            for group, entries in groups.items()]


def show(groups):
    width = max(len(name) for _, entries in groups for _, name, *_ in entries) + 2
    print(f"{'':{width}} {'median s':>9} {'ratio':>7} {'rows/s':>12} {'peak MiB':>9} {'runs':>5}")
    for group, entries in groups:
        print(f"\n{group}")
        ours = None
        for kind, name, rows, seconds, kib, _ in entries:
            mib = f"{max(kib) / 1024:,.0f}"
            label = name if kind == "ce" else "  " + name
            if not seconds:
                print(f"{label:{width}} {'failed':>9} {'':7} {'':12} {mib:>9}")
                continue
            median = statistics.median(seconds)
            ratio = ""
            if kind == "ce":
                ours = median
            elif ours:
                ratio = f"{median / ours if kind == 'rival' else ours / median:.2f}"
            print(f"{label:{width}} {median:9.2f} {ratio:>7} {rows / median:12,.0f} {mib:>9} {len(seconds):5}")


def show_scale(groups):
    for group, entries in groups:
        processes = list(entries[0][5])
        print(f"\n{group}")
        print(f"{'events':>12} {'seconds':>8} {'events/s':>10}  MiB:", *(f"{p:>13}" for p in processes))
        for _, _, rows, seconds, _, peaks in entries:
            print(f"{rows:12,} {seconds[0]:8.1f} {rows / seconds[0]:10,.0f}      ",
                  *(f"{peaks[p] / 1024:13,.1f}" for p in processes))


if __name__ == "__main__":
    (show_scale if sys.argv[2:] == ["scale"] else show)(read(sys.argv[1]))
