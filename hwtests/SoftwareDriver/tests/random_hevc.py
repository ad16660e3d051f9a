#!/usr/bin/env python3
"""Writes a random but valid HEVC stream (Annex B, Main or Main 10) for a seed.

x265 leaves much of HEVC unused. These streams use it: reference picture sets and long-term
pictures listed in the SPS, predicted sets, reordered lists, tiles, wavefronts, slices and dependent
slice segments, PCM, lossless blocks, weights, scaling lists, several PPSs, optional header fields.
The pictures are noise: what counts is that every decoder must agree on them.

usage: random_hevc.py SEED FILE [--pictures N]
"""
import random
import sys

sys.dont_write_bytecode = True  # the sources may be read-only, and are to stay as they are
from hevc_cabac import Bits, ceil_log2, nal
from hevc_picture import Picture


class Stream:
    def __init__(self, seed, pictures):
        self.r = random.Random(seed)
        r = self.r
        flip = lambda chance=0.5: r.random() < chance
        self.flip = flip
        self.count = pictures
        self.bit_depth = r.choice([8, 8, 10])
        self.min_cb = r.choice([3, 3, 4])
        self.ctb = r.choice([size for size in (4, 5, 6) if size > self.min_cb])
        self.min_tb = r.choice([size for size in (2, 3) if size < self.min_cb])
        self.max_tb = r.randint(self.min_tb, min(5, self.ctb))
        unit = 1 << self.min_cb
        self.width = r.randint(24 // unit + 1, 288 // unit) * unit
        self.height = r.randint(24 // unit + 1, 208 // unit) * unit
        size = 1 << self.ctb
        self.columns = -(-self.width // size)
        self.rows = -(-self.height // size)
        depth = self.ctb - self.min_tb
        self.depth_inter, self.depth_intra = r.randint(0, depth), r.randint(0, depth)
        self.scaling, self.amp, self.sao, self.pcm = flip(0.4), flip(), flip(0.7), flip(0.7)
        self.pcm_bits = r.randint(1, self.bit_depth), r.randint(1, self.bit_depth)
        self.pcm_min = r.randint(self.min_cb, min(5, self.ctb))
        self.pcm_max = r.randint(self.pcm_min, min(5, self.ctb))
        self.pcm_unfiltered = flip()
        self.mvp, self.strong = flip(0.8), flip()
        self.log2_poc = r.choice([4, 5, 6, 8, 12, 16])
        self.use_lt = flip(0.7)
        self.plan()
        self.pps = [self.random_pps() for _ in range(r.randint(1, 3))]
        if self.mvp:
            # libavcodec before 7.1 looks motion vectors of another picture up by the tile layout
            # of this one.
            layout = {key: self.pps[0][key] for key in ("tiles", "wpp", "widths", "heights",
                                                        "uniform")}
            for pps in self.pps:
                pps.update(layout)

    # Which pictures there are, in decoding order, and what each may refer to.
    def plan(self):
        r = self.r
        limit = 1 << (self.log2_poc - 1)
        self.pictures = []
        kept, base, position = [], 0, 0
        while len(self.pictures) < self.count:
            first = not self.pictures
            if first or r.random() < 0.08:
                kept = [(0, False)]
                base = position = 0
                self.pictures.append(dict(kind=r.choice([19, 20]), poc=0, short=[], long=[]))
                continue
            # Small groups of pictures: the last first, then those before it in any order.
            step = r.randint(1, min(5, limit // 2))
            order = [position + step] + r.sample(range(position + 1, position + step), step - 1)
            position += step
            for poc in order:
                kept = [entry for entry in kept if r.random() < 0.85] or kept[:1]
                if not self.use_lt:
                    kept = [entry for entry in kept if abs(poc - entry[0]) < limit]
                short, long, after = [], [], []
                for other, is_long in kept:
                    is_long = is_long or (self.use_lt and r.random() < 0.15)
                    if not is_long and abs(poc - other) >= limit:
                        is_long = self.use_lt
                        if not is_long:
                            continue
                    after.append((other, is_long))
                    (long if is_long else short).append((other, r.random() < 0.8))
                r.shuffle(long)
                cra = poc == order[0] and step == 1 and r.random() < 0.1
                if cra:
                    # Only trailing pictures follow, so nothing before needs to be kept.
                    short, long, after = [], [], []
                self.pictures.append(
                    dict(kind=21 if cra else 1, poc=poc, short=sorted(short), long=long))
                kept = (after + [(poc, False)])[-r.randint(2, 7):]
        # Reference picture sets as deltas, before the picture (nearest first) and after it.
        for picture in self.pictures:
            deltas = [(other - picture["poc"], used) for other, used in picture["short"]]
            picture["set"] = (tuple(sorted((d for d in deltas if d[0] < 0), reverse=True)),
                              tuple(sorted(d for d in deltas if d[0] > 0)))
        sets = {p["set"] for p in self.pictures if p["kind"] not in (19, 20)}
        self.sets = [s for s in sorted(sets) if r.random() < 0.6][:r.choice([0, 1, 20, 60])]
        mask = (1 << self.log2_poc) - 1
        lows = {(other & mask, used) for p in self.pictures for other, used in p["long"]}
        self.lt_sps = [low for low in sorted(lows) if r.random() < 0.6][:r.choice([0, 1, 20])]
        if not self.use_lt:
            self.lt_sps = []

    def random_pps(self):
        r, flip = self.r, self.flip
        p = dict(dependent=flip(), output_flag=flip(0.3), extra=r.choice([0, 0, 1, 2]),
                 sign_hiding=flip(), cabac_init=flip(), l0=r.randint(0, 3), l1=r.randint(0, 3),
                 qp=r.randint(-10, 15), constrained=False, tskip=flip(), dqp=flip(),
                 dqp_depth=r.randint(0, self.ctb - self.min_cb), cb=r.randint(-12, 12),
                 cr=r.randint(-12, 12), chroma_offsets=flip(), weighted=flip(),
                 weighted_bi=flip(), bypass=flip(0.4), wpp=False, tiles=False, across_tiles=flip(),
                 across_slices=flip(), deblocking_control=flip(0.7), override=flip(),
                 disabled=flip(0.3), beta=r.randint(-6, 6), tc=r.randint(-6, 6),
                 scaling=self.scaling and flip(), modification=flip(), merge_level=r.randint(0, 2),
                 extension=flip(0.3), widths=[self.columns], heights=[self.rows], uniform=False)
        p["merge_level"] = r.randint(2, self.ctb) - 2
        choice = r.random()
        if choice < 0.4 and self.columns * self.rows > 1:
            p["tiles"] = True
            across, down = r.randint(1, min(self.columns, 5)), r.randint(1, min(self.rows, 5))
            if across * down == 1:
                across, down = (2, 1) if self.columns > 1 else (1, 2)
            p["uniform"] = flip()
            p["widths"] = self.split(self.columns, across, p["uniform"])
            p["heights"] = self.split(self.rows, down, p["uniform"])
        elif choice < 0.7:
            p["wpp"] = True
        return p

    def split(self, total, count, uniform):
        if uniform:
            return [(i + 1) * total // count - i * total // count for i in range(count)]
        edges = [0] + sorted(self.r.sample(range(1, total), count - 1)) + [total]
        return [b - a for a, b in zip(edges, edges[1:])]

    # MARK: Parameter sets

    def profile_tier_level(self, bits):
        bits.u(8, 2 if self.bit_depth > 8 else 1)
        bits.u(32, 0x60000000 if self.bit_depth == 8 else 0x20000000)
        bits.u(4, 9)
        bits.u(44, 0)
        bits.u(8, 153)

    def vps(self):
        bits = Bits()
        bits.u(16, 0x0c01)  # id 0, one layer, one sub-layer, nesting
        bits.u(16, 0xffff)
        self.profile_tier_level(bits)
        bits.u(1, 1)
        for value in (15, 8, 0):
            bits.ue(value)
        bits.u(6, 0)
        bits.ue(0)
        bits.u(2, 0)
        return nal(32, bits.trailing())

    def scaling_lists(self, bits):
        r = self.r
        for size in range(4):
            for matrix in range(0, 6, 3 if size == 3 else 1):
                if r.random() < 0.4:
                    bits.u(1, 0)
                    bits.ue(r.randint(0, matrix // (3 if size == 3 else 1)))
                    continue
                bits.u(1, 1)
                last = 8
                if size > 1:
                    last = r.randint(1, 255)
                    bits.se(last - 8)
                for _ in range(min(64, 16 << (2 * size))):
                    value = min(max(last + r.randint(-20, 20), 1), 255)
                    bits.se(value - last)
                    last = value

    def sps(self):
        bits = Bits()
        bits.u(8, 1)  # VPS 0, one sub-layer, nesting
        self.profile_tier_level(bits)
        bits.ue(0)
        bits.ue(1)
        bits.ue(self.width)
        bits.ue(self.height)
        crop = self.flip(0.4)
        bits.u(1, crop)
        if crop:
            # On the right and below only: libavcodec leaves the other sides of a hardware frame.
            for side in range(4):
                bits.ue(self.r.randint(0, 2) if side % 2 else 0)
        bits.ue(self.bit_depth - 8)
        bits.ue(self.bit_depth - 8)
        bits.ue(self.log2_poc - 4)
        bits.u(1, 1)
        for value in (15, 8, 0):
            bits.ue(value)
        for value in (self.min_cb - 3, self.ctb - self.min_cb, self.min_tb - 2,
                      self.max_tb - self.min_tb, self.depth_inter, self.depth_intra):
            bits.ue(value)
        bits.u(1, self.scaling)
        if self.scaling:
            data = self.flip()
            bits.u(1, data)
            if data:
                self.scaling_lists(bits)
        bits.u(1, self.amp)
        bits.u(1, self.sao)
        bits.u(1, self.pcm)
        if self.pcm:
            bits.u(4, self.pcm_bits[0] - 1)
            bits.u(4, self.pcm_bits[1] - 1)
            bits.ue(self.pcm_min - 3)
            bits.ue(self.pcm_max - self.pcm_min)
            bits.u(1, self.pcm_unfiltered)
        bits.ue(len(self.sets))
        for index in range(len(self.sets)):
            self.short_term_set(bits, self.sets[index], index, index)
        bits.u(1, self.use_lt)
        if self.use_lt:
            bits.ue(len(self.lt_sps))
            for low, used in self.lt_sps:
                bits.u(self.log2_poc, low)
                bits.u(1, used)
        bits.u(1, self.mvp)
        bits.u(1, self.strong)
        bits.u(2, 0)
        return nal(33, bits.trailing())

    # st_ref_pic_set( index ): `index` is the number of sets for the one in a slice header.
    def short_term_set(self, bits, wanted, index, available):
        in_slice = index == len(self.sets)
        if index > 0:
            prediction = self.predict_set(wanted, index, in_slice)
            bits.u(1, prediction is not None)
            if prediction:
                distance, delta, flags = prediction
                if in_slice:
                    bits.ue(distance - 1)
                bits.u(1, delta < 0)
                bits.ue(abs(delta) - 1)
                for used, kept in flags:
                    bits.u(1, used)
                    if not used:
                        bits.u(1, kept)
                return
        before, after = wanted
        bits.ue(len(before))
        bits.ue(len(after))
        for group in (before, after):
            last = 0
            for delta, used in group:
                bits.ue(abs(delta - last) - 1)
                bits.u(1, used)
                last = delta

    def predict_set(self, wanted, index, in_slice):
        target = dict(wanted[0] + wanted[1])
        choices = []
        for distance in range(1, (index if in_slice else 1) + 1):
            before, after = self.sets[index - distance]
            source = [delta for delta, _ in before + after] + [0]
            for delta in range(-6, 7):
                reached = [delta + other for other in source]
                if delta and set(target) <= set(reached):
                    flags = [(target.get(d, False), d in target) for d in reached]
                    choices.append((distance, delta, flags))
        return self.r.choice(choices) if choices and self.flip(0.8) else None

    def write_pps(self, index):
        p, bits = self.pps[index], Bits()
        bits.ue(index)
        bits.ue(0)
        bits.u(1, p["dependent"])
        bits.u(1, p["output_flag"])
        bits.u(3, p["extra"])
        bits.u(1, p["sign_hiding"])
        bits.u(1, p["cabac_init"])
        bits.ue(p["l0"])
        bits.ue(p["l1"])
        bits.se(p["qp"])
        bits.u(1, p["constrained"])
        bits.u(1, p["tskip"])
        bits.u(1, p["dqp"])
        if p["dqp"]:
            bits.ue(p["dqp_depth"])
        bits.se(p["cb"])
        bits.se(p["cr"])
        bits.u(1, p["chroma_offsets"])
        bits.u(1, p["weighted"])
        bits.u(1, p["weighted_bi"])
        bits.u(1, p["bypass"])
        bits.u(1, p["tiles"])
        bits.u(1, p["wpp"])
        if p["tiles"]:
            bits.ue(len(p["widths"]) - 1)
            bits.ue(len(p["heights"]) - 1)
            bits.u(1, p["uniform"])
            if not p["uniform"]:
                for value in p["widths"][:-1] + p["heights"][:-1]:
                    bits.ue(value - 1)
            bits.u(1, p["across_tiles"])
        bits.u(1, p["across_slices"])
        bits.u(1, p["deblocking_control"])
        if p["deblocking_control"]:
            bits.u(1, p["override"])
            bits.u(1, p["disabled"])
            if not p["disabled"]:
                bits.se(p["beta"])
                bits.se(p["tc"])
        bits.u(1, p["scaling"])
        if p["scaling"]:
            self.scaling_lists(bits)
        bits.u(1, p["modification"])
        bits.ue(p["merge_level"])
        bits.u(1, p["extension"])
        bits.u(1, 0)
        return nal(34, bits.trailing())

    # MARK: Pictures

    def write(self):
        out = [self.vps(), self.sps()] + [self.write_pps(i) for i in range(len(self.pps))]
        for picture in self.pictures:
            out += Picture(self, picture).write()
        return b"".join(out)


def main():
    arguments = sys.argv[1:]
    pictures = 16
    if "--pictures" in arguments:
        at = arguments.index("--pictures")
        pictures = int(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) != 2:
        sys.exit(__doc__)
    with open(arguments[1], "wb") as file:
        file.write(Stream(int(arguments[0]), pictures).write())


if __name__ == "__main__":
    main()
