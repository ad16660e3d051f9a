"""Runs vabuf, the bare loop and the peers in turn, and prints tables. See scripts/bench-peers.sh."""

import argparse
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

import readers

HERE = os.path.dirname(os.path.abspath(__file__))
BUDGET = 512 << 20
SOURCE = (
    "mandelbrot=s=960x540:r=30:end_pts={frames},scale={size},format=gbrp[fractal];"
    "testsrc2=s={size}:r=30,format=gbrp[pattern];"
    "life=s=480x270:r=30:seed=7:mold=10:life_color=#40c0ff:death_color=#301020:mold_color=#803060,"
    "scale={size}:flags=neighbor,format=gbrp[life];"
    "[fractal][pattern]blend=all_mode=average[both];"
    "[both][life]blend=all_mode=screen:all_opacity=0.4,noise=all_seed=7:alls=6:allf=t,format=yuv420p[v]"
)
# Name: size, frames, encoder, container.
CLIPS = {
    "1080p-h264-gop250": ("1920x1080", 600, "libx264 -preset medium -crf 23 -g 250", "mp4"),
    "1080p-h264-gop12": ("1920x1080", 600, "libx264 -preset medium -crf 23 -g 12 -bf 2", "mp4"),
    "1080p-hevc-gop60": ("1920x1080", 600, "libx265 -preset medium -crf 28 -x265-params log-level=error:keyint=60", "mp4"),
    "1080p-hevc": ("1920x1080", 600, "libx265 -preset medium -crf 28 -x265-params log-level=error", "mp4"),
    "720p-vp9": ("1280x720", 600, "libvpx-vp9 -deadline good -cpu-used 4 -b:v 2M -row-mt 1", "webm"),
    "2160p-h264": ("3840x2160", 300, "libx264 -preset medium -crf 23 -g 250", "mp4"),
}
# Where others are wrong: small clips, every frame checked in random order.
HARD = {
    "h264-open-gop": ("320x180", 240, "libx264 -g 30 -x264-params open-gop=1:bframes=3", "mp4"),
    "hevc-open-gop": ("320x180", 240, "libx265 -g 30 -x265-params log-level=error", "mp4"),
    "ts": ("320x180", 240, "libx264 -g 30 -bf 3", "ts"),
    "edit-list": ("320x180", 240, None, "mp4"),
    "vfr": ("320x180", 240, "libx264 -g 30 -bf 3 -vf select='not(mod(n\\,3))+lt(n\\,60)' -fps_mode vfr", "mp4"),
}
SHORT_CLIPS = {"360p-h264": ("640x360", 240, "libx264 -preset medium -crf 23 -g 120", "mp4")}


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


def draw(folder, name, size, frames, encoder, container):
    path = f"{folder}/{name}.{container}"
    if os.path.exists(path):
        return path
    print(f"bench-peers: drawing {name} (once)", file=sys.stderr)
    part = f"{folder}/part.{container}"
    if name == "edit-list":
        # Cut out of another one without encoding: it begins between keyframes, by an edit list.
        whole = draw(folder, "whole", size, frames + 45, "libx264 -g 30 -bf 3", "mp4")
        ffmpeg("-ss", "1.5", "-i", whole, "-c", "copy", part)
    else:
        graph = SOURCE.format(size=size, frames=frames)
        words = encoder.split()
        if "-vf" in words:
            at = words.index("-vf")
            graph = graph.replace("[v]", f",{words[at + 1]}[v]")
            del words[at : at + 2]
        ffmpeg("-filter_complex", graph, "-map", "[v]", "-t", str(frames / 30), "-c:v", *words, part)
    os.rename(part, path)
    return path


def truth(path):
    """ffmpeg's MD5 of each frame."""
    out = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-noautorotate", "-i", path, "-map", "0:v:0", "-noautoscale"]
        + ["-fps_mode", "passthrough", "-f", "framemd5", "-"],
        check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    ).stdout
    return [line.rsplit(",", 1)[1].strip() for line in out.splitlines() if not line.startswith("#")]


def requests(workload, count, seed):
    rng = random.Random(seed)
    if workload == "random":
        return [str(n) for n in rng.sample(range(count), min(60, count))]
    if workload == "reverse":
        # vabuf reads it as a range; the others, which cannot, are asked for its frames one by one.
        return [f"{count - 1}-{max(0, count - 150)}"]
    if workload == "ranges":
        starts = [rng.randrange(max(1, count - 16)) for _ in range(20)]
        return [f"{s}-{min(count - 1, s + 15)}" for s in starts]
    # A hand on a time line: it takes hold somewhere, goes on by small steps, forward or back, and lets go.
    asked = []
    while len(asked) < 300:
        at = rng.randrange(count)
        direction = rng.choice((-1, 1))
        for _ in range(rng.randint(5, 30)):
            at = min(count - 1, max(0, at + direction * rng.randint(1, 4)))
            asked.append(str(at))
    return asked[:300]


WORKLOADS = ["sequential", "random", "scrub", "reverse", "ranges"]


class Competition:
    def __init__(self, options, peers):
        self.options, self.peers = options, peers
        self.threads = str(options.threads)

    def command(self, who, clip, workload, trace):
        vabuf, bare = os.environ["VABUF"], os.environ["BARE_LOOP"]
        pace = ["--pace", str(self.options.pace)] if self.options.pace and trace else []
        if who == "vabuf":
            asked = ["--workload", "sequential"] if workload == "sequential" else ["--requests", trace]
            return [
                vabuf, "bench", clip, "--json", *self.where(), "--threads", self.threads, "--host-memory", str(BUDGET),
            ] + asked + pace
        if who.startswith("bare"):
            asked = ["--workload", "sequential"] if workload == "sequential" else ["--requests", trace]
            return [bare, clip, "--threads", self.threads] + asked + (
                ["--lru", str(BUDGET)] if who == "bare LRU" and workload != "sequential" else []
            ) + pace
        return [sys.executable, f"{HERE}/run.py", who, clip, self.threads, trace or "sequential"] + pace[1:]

    def where(self):
        """Options of vabuf that say where it decodes."""
        return ["--backend", self.options.backend] + (["--device", self.options.device] if self.options.device else [])

    def once(self, who, clip, workload, trace, index=None):
        try:
            done = subprocess.run(
                self.command(who, clip, workload, trace), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                timeout=self.options.limit, env={**os.environ, "VABUF_CACHE_DIR": index} if index else None,
            )
            return json.loads(done.stdout.strip().splitlines()[-1] if who != "vabuf" else done.stdout)
        except subprocess.TimeoutExpired:
            return None
        except (json.JSONDecodeError, IndexError):
            print(f"bench-peers: {who} gave nothing on {clip}: {done.stderr.strip()[-200:]}", file=sys.stderr)
            return None

    def table(self, name, clip, frames):
        print(f"\n### {name}: {frames} frames, {self.threads} threads, seed {self.options.seed}, "
              f"{self.options.rounds} rounds\n")
        print("| | " + " | ".join(["output"] + WORKLOADS + ["p95 ms random", "p95 ms scrub", "peak MiB"]) + " |")
        print("|---" * (len(WORKLOADS) + 5) + "|")
        results = {}
        contestants = ["bare loop", "bare LRU", "vabuf"] + list(self.peers)
        for workload in WORKLOADS:
            trace = self.trace(name, workload, frames)
            for round in range(self.options.rounds):
                order = contestants if round % 2 == 0 else contestants[::-1]
                for who in order:
                    keeps = who in ("bare LRU", "vabuf")
                    result = self.once(who, clip, workload, trace if keeps else self.part(trace))
                    if result:
                        results.setdefault((who, workload), []).append(result)
        for who in contestants:
            cells = [{"bare loop": "YUV", "bare LRU": "YUV", "vabuf": "YUV"}.get(who) or readers.ALL[who].output]
            for workload in WORKLOADS:
                cells.append(self.speed(results, who, workload))
            for workload in ["random", "scrub"]:
                runs = results.get((who, workload), [])
                cells.append(f"{statistics.median(r['latency_ms']['p95'] for r in runs):.1f}" if runs else "-")
            peaks = [r["peak_rss_bytes"] for (w, _), runs in results.items() if w == who for r in runs]
            cells.append(f"{max(peaks) >> 20}" if peaks else "-")
            print(f"| {who} | " + " | ".join(cells) + " |", flush=True)
        print("\nFrames a second, and as a ratio to the bare loop; `bare LRU` has 512 MiB, as vabuf has."
              + (f" Whoever keeps no frames was asked for the first {self.options.part}." if self.options.part else "")
              + " Frames decoded:")
        for workload in WORKLOADS[1:]:
            counts = {who: results[who, workload][0]["decoded_frames"] for who in contestants[:3] if (who, workload) in results}
            bound = results.get(("vabuf", workload), [{}])[0].get("offline_bound")
            print(f"{workload}: " + ", ".join(f"{who} {count}" for who, count in counts.items()) + f", offline bound {bound}")

    def trace(self, name, workload, frames):
        """The file with the requests; None for all frames."""
        if workload == "sequential":
            return None
        path = f"{self.options.home}/{name}-{workload}.txt"
        with open(path, "w") as file:
            file.write("\n".join(requests(workload, frames, self.options.seed)) + "\n")
        return path

    def part(self, trace):
        """The first requests of a list, for those who keep nothing, and take as long for each of the rest."""
        if not trace or not self.options.part:
            return trace
        left, lines = self.options.part, []
        for line in open(trace):
            first, _, last = line.strip().partition("-")
            first, last = int(first), int(last or first)
            last = min(last, first + left - 1) if first <= last else max(last, first - left + 1)
            lines.append(f"{first}-{last}" if first != last else str(first))
            left -= abs(last - first) + 1
            if left <= 0:
                break
        path = trace.replace(".txt", "-part.txt")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def hand(self, name, clip, frames):
        """How long a hand on a time line waits: lists of many seeds, of which each contestant has its turn."""
        contestants = ["bare LRU", "vabuf"] + list(self.peers)
        runs = {who: {} for who in contestants}
        for seed in range(1, self.options.lists + 1):
            self.options.seed = seed
            trace = self.trace(name, "scrub", frames)
            for who in contestants if seed % 2 else contestants[::-1]:
                keeps = who in ("bare LRU", "vabuf")
                run = self.once(who, clip, "scrub", trace if keeps else self.part(trace))
                if run:
                    runs[who][seed] = run
        for who in contestants:
            # Who was not done with a list in time is compared with those who were by the others.
            seeds = [seed for seed in runs[who] if seed in runs["bare LRU"]]
            if not seeds:
                print(f"| {name} | {who} | - |", flush=True)
                continue

            def mean(who, value):
                return statistics.mean(value(runs[who][seed]) for seed in seeds)

            def waited(run):
                return run["waited_seconds"] / run["frames"] * 1e3

            def tail(run):
                return run["latency_ms"]["p95"]

            cells = [f"{len(seeds)}"]
            for value in waited, tail:
                mine, bare = mean(who, value), mean("bare LRU", value)
                cells += [f"{mine:.2f}", f"{mine / bare:.2f}" if bare else "-"]
            cells.append(", ".join(f"{tail(runs[who][seed]):.0f}" for seed in seeds))
            for key in "decoded_frames", "offline_bound":
                counts = [runs[who][seed].get(key) for seed in seeds]
                cells.append(sum(counts) if all(counts) else "")
            print(f"| {name} | {who} | " + " | ".join(map(str, cells)) + " |", flush=True)

    def work(self, name, clip, frames):
        """What vabuf does for the requests, whatever the machine's speed."""
        for workload in WORKLOADS:
            run = self.once("vabuf", clip, workload, self.trace(name, workload, frames))
            if run is None:
                print(f"| {name} | {workload} | - |", flush=True)
                continue
            decoded, bound = run["decoded_frames"], run["offline_bound"]
            cells = [name, workload, run["backend"], run["frames"], decoded]
            cells += [bound, f"{decoded / bound:.2f}"] if bound else ["", ""]
            surfaces, packed = run["surfaces"], run["packed"]
            cells += [run["downloads"], run["demotions"], run["demoted"]["used"], surfaces["high_water"], surfaces["wait_ms"]]
            cells += [packed["frames"], packed["packs"], packed["unpacks"], run["fallbacks"], run["decoders"]]
            cells += [run["pool"]["high_water_bytes"] >> 20, run["peak_rss_bytes"] >> 20, run["beside_pool_bytes"] >> 20]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)

    def first(self, clips):
        """Milliseconds until a file is open and its first frame is there: in the process, after imports."""
        print(f"\n### First frame after open, ms: median of {self.options.rounds} rounds in turn\n")
        print("| | " + " | ".join(clips) + " |\n" + "|---" * (len(clips) + 1) + "|", flush=True)
        trace = f"{self.options.home}/first.txt"
        with open(trace, "w") as file:
            file.write("0\n")
        contestants = ["bare loop", "vabuf", "vabuf, index remembered"] + list(self.peers)
        times = {who: {name: [] for name in clips} for who in contestants}
        for name, clip in clips.items():
            self.once("vabuf", clip, "first", trace)  # now it remembers
            for round in range(self.options.rounds):
                for who in contestants if round % 2 == 0 else contestants[::-1]:
                    with tempfile.TemporaryDirectory() as empty:
                        run = self.once(who.partition(",")[0], clip, "first", trace, empty if who == "vabuf" else None)
                    if run:
                        times[who][name].append((run["open_seconds"] + run["seconds"]) * 1e3)
        for who in contestants:
            cells = []
            for name in clips:
                mine, bare = (statistics.median(times[w][name] or [0]) for w in (who, "bare loop"))
                cells.append(f"{mine:.1f} ({mine / bare:.2f})" if mine and bare else "-")
            print(f"| {who} | " + " | ".join(cells) + " |", flush=True)

    def sequential(self, clips):
        """All frames in order, as ratios to the bare loop of the same round: a machine's moods change them less."""
        print(f"\nSequential, all frames, {self.threads} threads, {self.options.rounds} rounds in turn: frames a second, and of "
              "the rounds' ratios to the bare loop the median and, in brackets, the quartiles.\n")
        contestants = ["bare loop", "vabuf"] + list(self.peers)
        print("| | " + " | ".join(contestants) + " |\n" + "|---" * (len(contestants) + 1) + "|", flush=True)
        for name, clip in clips.items():
            rounds = []
            # The first one warms the file cache, and does not count.
            for round in range(self.options.rounds + 1):
                order = contestants if round % 2 == 0 else contestants[::-1]
                runs = {who: self.once(who, clip, "sequential", None) for who in order}
                if round > 0:
                    rounds.append({who: run["frames_per_second"] for who, run in runs.items() if run})
            cells = [self.beside(who, [rates for rates in rounds if who in rates]) for who in contestants]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)

    def beside(self, who, rounds):
        """One contestant's rate, and its ratios to the bare loop's."""
        if not rounds:
            return "-"
        cell = f"{statistics.median(rates[who] for rates in rounds):.1f}"
        ratios = [rates[who] / rates["bare loop"] for rates in rounds if "bare loop" in rates]
        if who == "bare loop" or not ratios:
            return cell
        cell += f" {statistics.median(ratios):.3f}"
        if len(ratios) >= 4:
            low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
            cell += f" ({low:.2f}-{high:.2f})"
        return cell + (f", {len(ratios)} rounds" if len(ratios) < self.options.rounds else "")

    def speed(self, results, who, workload):
        def median(name):
            runs = results.get((name, workload), [])
            return statistics.median(r["frames_per_second"] for r in runs) if runs else None

        mine, bare = median(who), median("bare loop")
        if mine is None:
            return "-"
        return f"{mine:.1f}" + (f" ({mine / bare:.2f})" if bare else "")

    def check(self, clips):
        """Wrong frames, asked for one by one in random order."""
        print("\n### Wrong frames of those asked for one by one, in random order\n")
        print("| | " + " | ".join(clips) + " |")
        print("|---" * (len(clips) + 1) + "|")
        rows = {who: [] for who in ["vabuf"] + list(self.peers)}
        for name, clip in clips.items():
            expected = truth(clip)
            numbers = list(range(len(expected)))
            random.Random(self.options.seed).shuffle(numbers)
            numbers = numbers[:120]
            trace = f"{self.options.home}/check.txt"
            with open(trace, "w") as file:
                file.write("\n".join(map(str, numbers)) + "\n")
            for who, row in rows.items():
                row.append(self.wrong(who, clip, numbers, trace, expected))
        for who, row in rows.items():
            print(f"| {who} | " + " | ".join(row) + " |", flush=True)
        print("\nvabuf and peers that give YUV are compared with ffmpeg's list; those that give RGB with what they give "
              "themselves when they read the clip from start to end.")

    def wrong(self, who, clip, numbers, trace, expected):
        def run(command):
            return subprocess.run(
                command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=self.options.limit
            ).stdout.splitlines()

        try:
            if who == "vabuf":
                command = [os.environ["VABUF"], "frame", clip, "--md5", *self.where(), "-q"]
                lines = [f"{line.split()[0]} {line.split()[2]}" for line in run(command + list(map(str, numbers)))]
            else:
                base = [sys.executable, f"{HERE}/run.py", who, clip, self.threads]
                lines = run(base + ["check", trace])
                if readers.ALL[who].output != "YUV":
                    expected = run(base + ["digests"])
        except subprocess.TimeoutExpired:
            return "hangs"
        given = dict(line.split(maxsplit=1) for line in lines)
        wrong = sum(1 for n in numbers if n >= len(expected) or given.get(str(n)) != expected[n])
        return f"{wrong}/{len(numbers)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=600, help="seconds for one run")
    parser.add_argument("--part", type=int, help="ask whoever keeps no frames for the first N frames of each list only")
    parser.add_argument("--peers")
    parser.add_argument("--clips")
    parser.add_argument("--short", action="store_true", help="a small clip and one round: does it work?")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--check-only", action="store_true", help="only the check of wrong frames")
    only.add_argument("--speed-only", action="store_true", help="without the check of wrong frames")
    only.add_argument("--first-only", action="store_true", help="only how soon the first frame of a file is there")
    only.add_argument("--sequential-only", action="store_true", help="only all frames in order, with quartiles")
    only.add_argument("--work-only", action="store_true", help="only what vabuf decodes, beside the offline bound")
    only.add_argument("--hand-only", action="store_true",
                      help="only scrubbing, many lists, beside the bare LRU, and of the peers those that --peers names")
    parser.add_argument("--lists", type=int, default=8, help="of --hand-only, with the seeds from 1")
    parser.add_argument("--pace", type=float, default=0, help="milliseconds from one request to the next, at least")
    parser.add_argument("--backend", default="software", help="vabuf's")
    parser.add_argument("--device", help="vabuf's")
    options = parser.parse_args()
    os.makedirs(options.home, exist_ok=True)
    peers = [name for name, module in readers.MODULES.items() if importlib.util.find_spec(module)]
    if options.peers is not None:
        named = [name for name in options.peers.split(",") if name]
        if unknown := [name for name in named if name not in readers.MODULES]:
            parser.error(f"no such peer: {', '.join(unknown)}; there are {', '.join(readers.MODULES)}")
        peers = [name for name in peers if name in named]
    elif options.hand_only:
        peers = []  # they keep nothing, and take ten minutes for a list
    clips = SHORT_CLIPS if options.short else CLIPS
    if options.clips:
        known, named = {**CLIPS, **SHORT_CLIPS, **HARD}, [name for name in options.clips.split(",") if name]
        if unknown := [name for name in named if name not in known]:
            parser.error(f"no such clip: {', '.join(unknown)}; there are {', '.join(known)}")
        clips = {name: known[name] for name in named}
    if options.pace and not options.hand_only:
        parser.error("--pace is of --hand-only")
    if options.short:
        options.rounds = 1
    print(f"vabuf beside {', '.join(peers) or 'nobody'}; "
          + subprocess.run([os.environ["VABUF"], "--version"], capture_output=True, text=True).stdout.splitlines()[0])
    competition = Competition(options, peers)
    if options.work_only:
        columns = ["clip", "workload", "backend", "frames", "decoded", "offline bound", "ratio"]
        columns += ["downloads", "demotions", "of them used", "surfaces", "surface wait ms"]
        columns += ["packed now", "packs", "unpacks", "fallbacks", "decoders"]
        columns += ["pool MiB", "peak MiB", "of it beside the pool"]
        print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
        for name, clip in clips.items():
            path = draw(options.home, name, *clip)
            competition.work(name, path, len(truth(path)))
        return
    if options.hand_only:
        print(f"{options.lists} lists of 300 requests, {options.pace} ms apart, {options.threads} threads\n")
        columns = ["clip", "", "lists", "ms waited a request", "of the bare LRU's", "p95 ms, mean", "of the bare LRU's", "p95 of each list"]
        columns += ["decoded", "offline bound"]
        print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)
        for name, clip in clips.items():
            path = draw(options.home, name, *clip)
            competition.hand(name, path, len(truth(path)))
        return
    if options.first_only:
        competition.first({name: draw(options.home, name, *clip) for name, clip in clips.items()})
        return
    if options.sequential_only:
        competition.sequential({name: draw(options.home, name, *clip) for name, clip in clips.items()})
        return
    if not options.speed_only:
        checked = clips if options.check_only and options.clips else HARD
        competition.check({name: draw(options.home, name, *clip) for name, clip in checked.items()})
    if options.check_only:
        return
    for name, clip in clips.items():
        path = draw(options.home, name, *clip)
        competition.table(name, path, len(truth(path)))


main()
