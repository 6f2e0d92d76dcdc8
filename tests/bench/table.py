#!/usr/bin/env python3
"""Prints the figures that common.bash's turns left. Usage: table.py FIGURES [scale]

A rival's ratios are what it takes, of time and memory, over what the tool above it does; a floor's, the other way
round.
"""
import statistics
import sys


def read(path):
    """[(group, [(kind, name, rows, [seconds], [seconds of CPU], [KiB], {process: KiB})])], in the order of their firsts."""
    groups = {}
    for line in open(path):
        group, name, rows, seconds, cpu, kib, peaks = line.rstrip("\n").split("\t")
        kind, group = group.split(":", 1)
        entry = groups.setdefault(group, {}).setdefault((kind, name), (int(rows), [], [], [], {}))
        if seconds:
            entry[1].append(float(seconds))
            entry[2].append(float(cpu))
        entry[3].append(int(kib))
        for peak in peaks.split():
            process, _, size = peak.partition("=")
            entry[4][process] = max(entry[4].get(process, 0), int(size))
    # The tool itself comes first, also where a rival failed before its own first run counted.
    return [(group, sorted(((kind, name, *entry) for (kind, name), entry in entries.items()),
                           key=lambda entry: entry[0] != "ce"))
            for group, entries in groups.items()]


def show(groups):
    lead = {"ce": "", "rival": "  ", "floor": "  floor: "}
    width = max(len(lead[kind] + name) for _, entries in groups for kind, name, *_ in entries) + 1
    print("Ratios: a rival's figure over that of the tool above it; of a floor, the tool's over the floor's.\n")
    print(f"{'':{width}} {'median s':>9} {'ratio':>6} {'CPU s':>8} {'rows/s':>11} {'peak MiB':>9} {'ratio':>6} "
          f"{'runs':>4}")
    for group, entries in groups:
        print(f"\n{group}")
        ours = None
        for kind, name, rows, seconds, cpu, kib, _ in entries:
            peak = max(kib)
            if not seconds:
                print(f"{lead[kind] + name:{width}} {'failed':>9} {'':6} {'':8} {'':11} {peak / 1024:9,.0f}")
                continue
            median = statistics.median(seconds)
            time_ratio = memory_ratio = ""
            if kind == "ce":
                ours = median, peak
            elif kind == "rival":
                time_ratio, memory_ratio = f"{median / ours[0]:.2f}", f"{peak / ours[1]:.1f}"
            else:
                time_ratio = f"{ours[0] / median:.2f}"
            print(f"{lead[kind] + name:{width}} {median:9.2f} {time_ratio:>6} "
                  f"{statistics.median(cpu):8.2f} {rows / median:11,.0f} "
                  f"{peak / 1024:9,.0f} {memory_ratio:>6} {len(seconds):4}")


def show_scale(groups):
    """Of each size a group has the pipe, ce-materialize, and their synth: what makes the events, alone."""
    for group, entries in groups:
        print(f"\n{group}")
        alone = {rows: seconds[0] for kind, _, rows, seconds, *_ in entries if kind == "synth"}
        one = {rows: (seconds[0], peaks["ce-materialize"]) for kind, _, rows, seconds, *_, peaks in entries if kind == "one"}
        processes = [list(peaks) for kind, *_, peaks in entries if kind == "ce"][-1]
        print(f"{'events':>12} {'seconds':>8} {'ce-synth alone':>14} {'events/s':>10}  MiB:",
              *(f"{p.removeprefix('ce-'):>10}" for p in processes),
              f"  ce-materialize: {'seconds':>8} {'events/s':>10} {'MiB':>8}")
        for kind, _, rows, seconds, _, _, peaks in entries:
            if kind == "ce":
                print(f"{rows:12,} {seconds[0]:8.1f} {alone[rows]:14.1f} {rows / seconds[0]:10,.0f}      ",
                      *(f"{peaks[p] / 1024:10,.1f}" for p in processes),
                      f"                  {one[rows][0]:8.1f} {rows / one[rows][0]:10,.0f} {one[rows][1] / 1024:8,.1f}")


if __name__ == "__main__":
    (show_scale if sys.argv[2:] == ["scale"] else show)(read(sys.argv[1]))
