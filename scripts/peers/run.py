"""One peer, one clip, one list of requests, in a process of its own. Prints what Benchmarks/BareLoop prints, one JSON object.

run.py PEER CLIP THREADS sequential | TRACE [MS]     times it; requests come MS apart at least
run.py PEER CLIP THREADS digests                     a line for each frame of a linear read
run.py PEER CLIP THREADS check TRACE                 a line for each frame of the trace: number and digest
"""

import importlib
import json
import resource
import sys
import time

import readers


def trace(path):
    """The ranges that are asked for. A backward one is its frames one by one: nobody else reads backward."""
    for line in open(path):
        first, _, last = line.strip().partition("-")
        if not first:
            continue
        first, last = int(first), int(last or first)
        if last < first:
            yield from ((number, number) for number in range(first, last - 1, -1))
        else:
            yield first, last


def main():
    name, clip, threads, what = sys.argv[1:5]
    importlib.import_module(readers.MODULES[name])  # once in a program's life: not timed
    start = time.perf_counter()
    reader = readers.ALL[name](clip, int(threads))
    open_seconds = time.perf_counter() - start
    if what == "digests":
        for frame in reader.sequence():
            print(reader.digest(frame))
        return
    if what == "check":
        for first, last in trace(sys.argv[5]):
            for number in range(first, last + 1):
                try:
                    print(number, reader.digest(reader.frame(number)), flush=True)
                except Exception as error:  # whatever a library throws is its answer
                    print(number, type(error).__name__, flush=True)
        return
    pace = float(sys.argv[5]) / 1e3 if len(sys.argv) > 5 else 0
    frames, latencies, due = 0, [], 0
    start = time.perf_counter()
    if what == "sequential":
        for _ in reader.sequence():
            frames += 1
    else:
        for first, last in trace(what):
            time.sleep(max(0, due - time.perf_counter()))
            before = time.perf_counter()
            due = before + pace
            if first == last:
                reader.frame(first)
            else:
                reader.range(first, last)
            latencies.append((time.perf_counter() - before) * 1e3)
            frames += last - first + 1
    seconds = time.perf_counter() - start
    latencies.sort()
    result = {"frames": frames, "open_seconds": open_seconds, "seconds": seconds, "frames_per_second": frames / seconds}
    if latencies:
        result["waited_seconds"] = sum(latencies) / 1e3
        result["latency_ms"] = {
            "p50": latencies[(len(latencies) - 1) // 2], "p95": latencies[(len(latencies) - 1) * 95 // 100]
        }
    result["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))


main()
