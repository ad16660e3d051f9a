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

# MARK: - CABAC (H.265 9.3)

LPS = bytes.fromhex(
    "80b0d0f080a7c5e3809ebbd87b96b2cd748ea9c36f87a0b9698098af647a90a65f74899e5a6e829655687b8e"
    "516375874d5e6f804959697a4555647442505f6e3e4c5a683b4856633845515e35414d59333e4955303b4550"
    "2e38424c2b353f4829323b4527303841252d363e232b333b2129303820272e351e252b321d2329301b21272d"
    "1a1f252b181e2329171c2127161b2025151a1e2314181d2113171b1f12161a1e1115191c1014171b0f131619"
    "0e1215180e1114170d1013160c0f12150c0e11140b0e10130b0d0f120a0c0f110a0c0e10090b0d0f090b0c0e"
    "080a0c0e08090b0d07090b0c07090a0c07080a0b0608090b0607090a0607080902020202")
NEXT_LPS = [
    0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21,
    21, 22, 22, 23, 24, 24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34,
    34, 35, 35, 35, 36, 36, 36, 37, 37, 37, 38, 38, 63]

# Syntax element: initial values for initType 0, 1, 2.
CONTEXTS = {
    "sao_merge": ([153], [153], [153]),
    "sao_type": ([200], [185], [160]),
    "split_cu": ([139, 141, 157], [107, 139, 126], [107, 139, 126]),
    "bypass": ([154], [154], [154]),
    "skip": ([154] * 3, [197, 185, 201], [197, 185, 201]),
    "qp_delta": ([154, 154], [154, 154], [154, 154]),
    "pred_mode": ([154], [149], [134]),
    "part_mode": ([184, 154, 154, 154], [154, 139, 154, 154], [154, 139, 154, 154]),
    "prev_intra": ([184], [154], [183]),
    "chroma_mode": ([63], [152], [152]),
    "merge_flag": ([154], [110], [154]),
    "merge_idx": ([154], [122], [137]),
    "inter_pred": ([154] * 5, [95, 79, 63, 31, 31], [95, 79, 63, 31, 31]),
    "ref_idx": ([154, 154], [153, 153], [153, 153]),
    "mvd0": ([154], [140], [169]),
    "mvd1": ([154], [198], [198]),
    "mvp": ([154], [168], [168]),
    "root_cbf": ([154], [79], [79]),
    "split_tu": ([153, 138, 138], [124, 138, 94], [224, 167, 122]),
    "cbf_luma": ([111, 141], [153, 111], [153, 111]),
    "cbf_chroma": ([94, 138, 182, 154], [149, 107, 167, 154], [149, 92, 167, 154]),
    "tskip": ([139, 139], [139, 139], [139, 139]),
    "last_x": ([110, 110, 124, 125, 140, 153, 125, 127, 140, 109, 111, 143, 127, 111, 79, 108],
               [125, 110, 94, 110, 95, 79, 125, 111, 110, 78, 110, 111, 111, 95, 94, 108],
               [125, 110, 124, 110, 95, 94, 125, 111, 111, 79, 125, 126, 111, 111, 79, 108]),
    "greater1": ([140, 92, 137, 138, 140, 152, 138, 139, 153, 74, 149, 92, 139, 107, 122, 152, 140,
                  179],
                 [154, 196, 196, 167, 154, 152, 167, 182, 182, 134, 149, 136, 153, 121, 136, 137,
                  169, 194],
                 [154, 196, 167, 167, 154, 152, 167, 182, 182, 134, 149, 136, 153, 121, 136, 122,
                  169, 208]),
    "greater2": ([138, 153, 136, 167, 152], [107, 167, 91, 122, 107], [107, 167, 91, 107, 107]),
}
CONTEXTS["last_y"] = CONTEXTS["last_x"]


def initial_contexts(init_type, qp):
    contexts = {}
    for name, values in CONTEXTS.items():
        for index, value in enumerate(values[init_type]):
            slope, offset = (value >> 4) * 5 - 45, ((value & 15) << 3) - 16
            state = min(max(((slope * min(max(qp, 0), 51)) >> 4) + offset, 1), 126)
            contexts[name, index] = (state - 64, 1) if state > 63 else (63 - state, 0)
    return contexts


class Cabac:
    def __init__(self):
        self.bits = []
        self.begin()

    def begin(self):
        self.low, self.range, self.first, self.outstanding = 0, 510, True, 0

    def put(self, bit):
        if not self.first:
            self.bits.append(bit)
        self.first = False
        self.bits += [1 - bit] * self.outstanding
        self.outstanding = 0

    def renormalise(self):
        while self.range < 256:
            if self.low < 256:
                self.put(0)
            elif self.low >= 512:
                self.low -= 512
                self.put(1)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range <<= 1
            self.low <<= 1

    def code(self, contexts, name, index, bit):
        state, mps = contexts[name, index]
        lps = LPS[4 * state + ((self.range >> 6) & 3)]
        self.range -= lps
        if bit != mps:
            self.low += self.range
            self.range = lps
            contexts[name, index] = (NEXT_LPS[state], 1 - mps if state == 0 else mps)
        else:
            contexts[name, index] = (min(state + 1, 62), mps)
        self.renormalise()

    def bypass(self, bit):
        self.low <<= 1
        if bit:
            self.low += self.range
        if self.low >= 1024:
            self.low -= 1024
            self.put(1)
        elif self.low < 512:
            self.put(0)
        else:
            self.low -= 512
            self.outstanding += 1

    def fixed(self, count, value):
        for shift in reversed(range(count)):
            self.bypass((value >> shift) & 1)

    def terminate(self, bit):
        self.range -= 2
        if not bit:
            self.renormalise()
            return
        self.low += self.range
        self.range = 2
        self.renormalise()
        self.put((self.low >> 9) & 1)
        self.bits += [(self.low >> 8) & 1, 1]  # the last one is the stop or alignment bit
        self.align()

    def align(self):
        self.bits += [0] * (-len(self.bits) % 8)

    def bytes(self):
        return bits_to_bytes(self.bits)


# MARK: - Bits and NAL units

def bits_to_bytes(bits):
    assert len(bits) % 8 == 0
    return int("1" + "".join(map(str, bits)), 2).to_bytes(len(bits) // 8 + 1, "big")[1:]


class Bits:
    def __init__(self):
        self.bits = []

    def u(self, count, value):
        assert 0 <= value < 1 << count, (count, value)
        self.bits += [(value >> shift) & 1 for shift in reversed(range(count))]

    def ue(self, value):
        length = (value + 1).bit_length()
        self.u(2 * length - 1, value + 1)

    def se(self, value):
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def trailing(self):
        self.bits.append(1)
        self.bits += [0] * (-len(self.bits) % 8)
        return bits_to_bytes(self.bits)


def escape(data):
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        zeros = zeros + 1 if byte == 0 else 0
        out.append(byte)
    return bytes(out)


def nal(kind, payload, temporal_id=0):
    return b"\0\0\0\1" + escape(bytes([kind << 1, temporal_id + 1]) + payload)


def ceil_log2(value):
    return (value - 1).bit_length()


# MARK: - The stream

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


class Picture:
    def __init__(self, stream, picture):
        self.s, self.picture, self.r, self.flip = stream, picture, stream.r, stream.flip
        self.pps_id = self.r.randrange(len(stream.pps))
        self.p = stream.pps[self.pps_id]
        s, p = stream, self.p
        # Tile scan.
        self.tile_of, self.scan = {}, []
        top = tile = 0
        for height in p["heights"]:
            left = 0
            for width in p["widths"]:
                for y in range(top, top + height):
                    for x in range(left, left + width):
                        self.tile_of[x, y] = tile
                        self.scan.append((x, y))
                left += width
                tile += 1
            top += height
        self.references = sum(used for _, used in picture["short"] + picture["long"])
        self.idr = picture["kind"] in (19, 20)
        self.intra_only = picture["kind"] >= 16 or self.references == 0
        self.temporal_mvp = s.mvp and self.flip(0.8)
        self.unfiltered = self.flip(0.3)
        self.slice_of, self.depth_of, self.skip_of = {}, {}, {}

    # Where slices ("slice") and dependent slice segments ("segment") begin, in tile scan.
    def starts(self):
        p, chance = self.p, self.r.choice([0, 0.02, 0.1, 0.3])
        starts, slice_start, segment_start = {0: "slice"}, 0, 0
        for index in range(1, len(self.scan)):
            (x, y), previous = self.scan[index], self.scan[index - 1]
            kind = None
            cut = self.flip(chance)
            want = "segment" if p["dependent"] and self.flip() else "slice"
            new_tile = p["tiles"] and self.tile_of[x, y] != self.tile_of[previous]
            if p["tiles"]:
                tile = self.tile_of[x, y]
                first = lambda start: start == 0 or (
                    self.tile_of[self.scan[start]] != self.tile_of[self.scan[start - 1]])
                if new_tile:
                    if not first(slice_start):
                        kind = "slice"
                    elif not first(segment_start):
                        kind = want
                    elif cut:
                        kind = want
                elif cut:
                    # Not when the slice or the segment holds whole tiles before this one.
                    if self.tile_of[self.scan[segment_start]] == tile:
                        if self.tile_of[self.scan[slice_start]] == tile:
                            kind = want
                        elif p["dependent"]:
                            kind = "segment"
            elif p["wpp"]:
                if x == 0 and self.scan[slice_start][0] != 0:
                    kind = "slice"
                elif x == 0 and self.scan[segment_start][0] != 0:
                    kind = want
                elif cut:
                    kind = want
            elif cut:
                kind = want
            if kind:
                starts[index] = kind
                segment_start = index
                if kind == "slice":
                    slice_start = index
        return starts

    def write(self):
        starts = self.starts()
        order = sorted(starts)
        out = []
        for index, start in enumerate(order):
            end = order[index + 1] if index + 1 < len(order) else len(self.scan)
            if starts[start] == "slice":
                self.begin_slice(start)
            header = Bits()
            self.segment_prefix(header, start, starts[start] == "segment")
            if starts[start] == "slice":
                header.bits += self.slice_fields
            streams = self.segment_data(start, end, starts[start] == "segment")
            self.finish_header(header, streams)
            out.append(nal(self.picture["kind"], header.trailing() + b"".join(streams)))
        return out

    def begin_slice(self, start):
        s, p, r, flip = self.s, self.p, self.r, self.flip
        self.slice_start = start
        self.type = 2 if self.intra_only else r.choice([0, 0, 0, 1, 1, 2])
        bits = Bits()
        bits.u(p["extra"], r.randrange(1 << p["extra"])) if p["extra"] else None
        bits.ue(self.type)
        if p["output_flag"]:
            bits.u(1, 1)
        if not self.idr:
            self.write_reference_sets(bits)
            if s.mvp:
                bits.u(1, self.temporal_mvp)
        self.sao_luma, self.sao_chroma = s.sao and flip(0.8), s.sao and flip(0.8)
        if s.sao:
            bits.u(1, self.sao_luma)
            bits.u(1, self.sao_chroma)
        self.active = [1, 1]
        cabac_init = False
        self.merge_candidates = 5
        if self.type != 2:
            cabac_init = self.inter_fields(bits)
        # The QP stays in a range that every offset can be added to.
        self.qp = r.randint(10, 45)
        bits.se(self.qp - 26 - p["qp"])
        if p["chroma_offsets"]:
            bits.se(r.randint(max(-12, -12 - p["cb"]), min(12, 12 - p["cb"])))
            bits.se(r.randint(max(-12, -12 - p["cr"]), min(12, 12 - p["cr"])))
        disabled = p["deblocking_control"] and p["disabled"]
        if p["deblocking_control"] and p["override"]:
            # Off in all slices or in none: libavcodec uses offsets of an earlier slice, which with
            # threads is another one, at edges between slices with and without the filter.
            override = self.unfiltered or flip()
            bits.u(1, override)
            if override:
                disabled = self.unfiltered
                bits.u(1, disabled)
                if not disabled:
                    bits.se(r.randint(-6, 6))
                    bits.se(r.randint(-6, 6))
        if p["across_slices"] and (self.sao_luma or self.sao_chroma or not disabled):
            bits.u(1, flip())
        self.slice_fields = bits.bits
        init_type = 0 if self.type == 2 else (2 - self.type) ^ (3 if cabac_init else 0)
        self.fresh = initial_contexts(init_type, self.qp)

    def write_reference_sets(self, bits):
        s, r, picture = self.s, self.r, self.picture
        mask = (1 << s.log2_poc) - 1
        bits.u(s.log2_poc, picture["poc"] & mask)
        if not hasattr(self, "set_bits"):
            # The same in all slices of a picture.
            own = Bits()
            if picture["set"] in s.sets and self.flip(0.9):
                own.u(1, 1)
                if len(s.sets) > 1:
                    own.u(ceil_log2(len(s.sets)), s.sets.index(picture["set"]))
            else:
                own.u(1, 0)
                s.short_term_set(own, picture["set"], len(s.sets), len(s.sets))
            if s.use_lt:
                self.long_term_set(own)
            self.set_bits = own.bits
        bits.bits += self.set_bits

    def long_term_set(self, bits):
        s, picture = self.s, self.picture
        mask = (1 << s.log2_poc) - 1
        listed = [e for e in picture["long"] if (e[0] & mask, e[1]) in s.lt_sps]
        listed = [e for e in listed if self.flip(0.9)]
        direct = [e for e in picture["long"] if e not in listed]
        if s.lt_sps:
            bits.ue(len(listed))
        else:
            direct, listed = picture["long"], []
        # Cycles of the most significant bits are coded as growing differences in each group.
        cycle = lambda e: ((picture["poc"] & ~mask) - (e[0] & ~mask)) >> s.log2_poc
        bits.ue(len(direct))
        for group in (sorted(listed, key=cycle), sorted(direct, key=cycle)):
            last = 0
            for entry in group:
                if group and entry in listed:
                    if len(s.lt_sps) > 1:
                        bits.u(ceil_log2(len(s.lt_sps)), s.lt_sps.index((entry[0] & mask, entry[1])))
                else:
                    bits.u(s.log2_poc, entry[0] & mask)
                    bits.u(1, entry[1])
                if cycle(entry) >= 0:
                    bits.u(1, 1)
                    bits.ue(cycle(entry) - last)
                    last = cycle(entry)
                else:
                    bits.u(1, 0)

    def inter_fields(self, bits):
        s, p, r, flip = self.s, self.p, self.r, self.flip
        b = self.type == 0
        self.active = [p["l0"] + 1, p["l1"] + 1]
        override = flip()
        bits.u(1, override)
        if override:
            self.active = [r.randint(1, 5), r.randint(1, 5)]
            bits.ue(self.active[0] - 1)
            if b:
                bits.ue(self.active[1] - 1)
        if p["modification"] and self.references > 1:
            for count in self.active[:2 if b else 1]:
                modified = flip()
                bits.u(1, modified)
                if modified:
                    for _ in range(count):
                        bits.u(ceil_log2(self.references), r.randrange(self.references))
        self.mvd_l1_zero = b and flip()
        if b:
            bits.u(1, self.mvd_l1_zero)
        cabac_init = p["cabac_init"] and flip()
        if p["cabac_init"]:
            bits.u(1, cabac_init)
        if self.temporal_mvp:
            from_l0 = not b or flip()
            if b:
                bits.u(1, from_l0)
            count = self.active[0 if from_l0 else 1]
            if count > 1:
                bits.ue(r.randrange(count))
        if p["weighted_bi"] if b else p["weighted"]:
            luma = r.randint(0, 7)
            chroma = r.randint(0, 7)
            bits.ue(luma)
            bits.se(chroma - luma)
            for count in self.active[:2 if b else 1]:
                flags = [[flip(0.6) for _ in range(count)] for _ in range(2)]
                for flag in flags[0] + flags[1]:
                    bits.u(1, flag)
                for i in range(count):
                    if flags[0][i]:
                        bits.se(r.randint(-128, 127) // (1 << (7 - luma)))
                        bits.se(r.randint(-128, 127))
                    if flags[1][i]:
                        for _ in range(2):
                            bits.se(r.randint(-128, 127) // (1 << (7 - chroma)))
                            bits.se(r.randint(-512, 511))
        self.merge_candidates = r.randint(1, 5)
        bits.ue(5 - self.merge_candidates)
        return cabac_init

    def segment_prefix(self, bits, start, dependent):
        s, p = self.s, self.p
        bits.u(1, start == 0)
        if self.picture["kind"] >= 16:
            bits.u(1, 0)
        bits.ue(self.pps_id)
        if start > 0:
            if p["dependent"]:
                bits.u(1, dependent)
            x, y = self.scan[start]
            bits.u(ceil_log2(s.columns * s.rows), y * s.columns + x)

    def finish_header(self, bits, streams):
        p = self.p
        if p["tiles"] or p["wpp"]:
            bits.ue(len(streams) - 1)
            if len(streams) > 1:
                edges, total = [], 0
                for stream in streams[:-1]:
                    total += len(stream)
                    edges.append(total)
                escaped = [len(escape(b"".join(streams)[:edge])) for edge in edges]
                sizes = [b - a for a, b in zip([0] + escaped, escaped)]
                length = max(size - 1 for size in sizes).bit_length() or 1
                bits.ue(length - 1)
                for size in sizes:
                    bits.u(length, size - 1)
        if p["extension"]:
            length = self.r.randint(0, 3)
            bits.ue(length)
            bits.u(8 * length, self.r.getrandbits(8 * length) if length else 0) if length else None

    # MARK: Slice data

    def segment_data(self, start, end, dependent):
        s, p = self.s, self.p
        streams = []
        self.c = Cabac()
        for index in range(start, end):
            x, y = self.scan[index]
            new_tile = index > 0 and self.tile_of[x, y] != self.tile_of[self.scan[index - 1]]
            if index == start and not dependent:
                self.contexts = dict(self.fresh)
            elif index > 0 and new_tile:
                self.contexts = dict(self.fresh)
            elif p["wpp"] and x == 0:
                above = (1, y - 1)
                available = s.columns > 1 and self.slice_of.get(above) == self.slice_start
                self.contexts = dict(self.synchronised if available else self.fresh)
            self.slice_of[x, y] = self.slice_start
            self.ctu(x, y)
            if p["wpp"] and x == 1:
                self.synchronised = dict(self.contexts)
            if index + 1 == end:
                self.c.terminate(1)
                streams.append(self.c.bytes())
                break
            self.c.terminate(0)
            nx, ny = self.scan[index + 1]
            if (p["wpp"] and nx == 0) or self.tile_of[nx, ny] != self.tile_of[x, y]:
                self.c.terminate(1)
                streams.append(self.c.bytes())
                self.c = Cabac()
        return streams

    def bin(self, name, index, bit):
        self.c.code(self.contexts, name, index, int(bit))

    def same(self, x, y, other):
        return (self.slice_of.get(other) == self.slice_start and
                self.tile_of.get(other) == self.tile_of[x, y])

    def ctu(self, x, y):
        s = self.s
        self.left, self.up = self.same(x, y, (x - 1, y)), self.same(x, y, (x, y - 1))
        if self.sao_luma or self.sao_chroma:
            self.sao()
        self.quadtree(x << s.ctb, y << s.ctb, s.ctb, 0)

    def sao(self):
        s, r, flip, c = self.s, self.r, self.flip, self.c
        for available in (self.left, self.up):
            if available:
                merge = flip(0.2)
                self.bin("sao_merge", 0, merge)
                if merge:
                    return
        for plane in range(3):
            if not (self.sao_chroma if plane else self.sao_luma):
                continue
            if plane < 2:
                kind = r.randint(0, 2)
                self.bin("sao_type", 0, kind > 0)
                if kind:
                    c.bypass(kind - 1)
            if not kind:
                continue
            limit = (1 << (min(s.bit_depth, 10) - 5)) - 1
            offsets = [r.randint(0, limit) for _ in range(4)]
            for offset in offsets:
                for _ in range(offset):
                    c.bypass(1)
                if offset < limit:
                    c.bypass(0)
            if kind == 1:
                for offset in offsets:
                    if offset:
                        c.bypass(r.getrandbits(1))
                c.fixed(5, r.randrange(32))
            elif plane < 2:
                c.fixed(2, r.randrange(4))

    def neighbours(self, x, y):
        s = self.s
        mask, unit = (1 << s.ctb) - 1, 1 << s.min_cb
        if x & mask or self.left:
            yield (x - unit, y)
        if y & mask or self.up:
            yield (x, y - unit)

    def quadtree(self, x, y, log2, depth):
        s, p = self.s, self.p
        size = 1 << log2
        if x >= s.width or y >= s.height:
            return
        if x + size <= s.width and y + size <= s.height and log2 > s.min_cb:
            split = self.flip(0.75 if log2 > 4 else 0.4)
            self.bin("split_cu", sum(self.depth_of[n] > depth for n in self.neighbours(x, y)), split)
        else:
            split = log2 > s.min_cb
        if p["dqp"] and log2 >= s.ctb - p["dqp_depth"]:
            self.qp_coded = False
        if split:
            half = size >> 1
            for dy in (0, half):
                for dx in (0, half):
                    self.quadtree(x + dx, y + dy, log2 - 1, depth + 1)
        else:
            self.unit(x, y, log2, depth)

    def unit(self, x, y, log2, depth):
        s, p, r, flip, c = self.s, self.p, self.r, self.flip, self.c
        self.bypassed = p["bypass"] and flip(0.3)
        if p["bypass"]:
            self.bin("bypass", 0, self.bypassed)
        skip = self.type != 2 and flip(0.25)
        if self.type != 2:
            self.bin("skip", sum(self.skip_of[n] for n in self.neighbours(x, y)), skip)
        for dy in range(0, 1 << log2, 1 << s.min_cb):
            for dx in range(0, 1 << log2, 1 << s.min_cb):
                self.depth_of[x + dx, y + dy] = depth
                self.skip_of[x + dx, y + dy] = skip
        if skip:
            self.merge_index()
            return
        intra = self.type == 2 or flip(0.25)
        if self.type != 2:
            self.bin("pred_mode", 0, intra)
        if intra:
            whole = True
            if log2 == s.min_cb:
                whole = log2 <= s.min_tb or flip(0.7)
                self.bin("part_mode", 0, whole)
            if whole and s.pcm and s.pcm_min <= log2 <= s.pcm_max:
                pcm = flip(0.4)
                c.terminate(int(pcm))
                if pcm:
                    self.pcm(log2)
                    return
            self.intra_modes(1 if whole else 4)
            self.transforms(x, y, log2, 0, s.depth_intra + (not whole), not whole, True)
            return
        part = self.part_mode(log2)
        merged = self.prediction_units(part, log2, depth)
        coded = True
        if not (part == "2Nx2N" and merged):
            coded = flip()
            self.bin("root_cbf", 0, coded)
        if coded:
            split = s.depth_inter == 0 and part != "2Nx2N"
            self.transforms(x, y, log2, 0, s.depth_inter, split, False)

    def pcm(self, log2):
        s, r, c = self.s, self.r, self.c
        base = r.random()
        for count, bits in ((1 << (2 * log2), s.pcm_bits[0]), (1 << (2 * log2 - 1), s.pcm_bits[1])):
            top = (1 << bits) - 1
            middle = int(base * top)
            for _ in range(count):
                value = min(max(middle + r.randint(-top // 8 - 1, top // 8 + 1), 0), top)
                c.bits += [(value >> shift) & 1 for shift in reversed(range(bits))]
        # The samples end at any bit; what follows begins at a byte (9.3.2.6).
        c.align()
        c.begin()

    def intra_modes(self, count):
        r, c = self.r, self.c
        known = [self.flip() for _ in range(count)]
        for flag in known:
            self.bin("prev_intra", 0, flag)
        for flag in known:
            if flag:
                index = r.randrange(3)
                c.bypass(int(index > 0))
                if index:
                    c.bypass(index - 1)
            else:
                c.fixed(5, r.randrange(32))
        explicit = self.flip()
        self.bin("chroma_mode", 0, explicit)
        if explicit:
            c.fixed(2, r.randrange(4))

    def part_mode(self, log2):
        s, c = self.s, self.c
        if log2 > s.min_cb and s.amp:
            modes = {"2Nx2N": "1", "2NxN": "011", "2NxnU": "0100", "2NxnD": "0101", "Nx2N": "001",
                     "nLx2N": "0000", "nRx2N": "0001"}
            contexts = [0, 1, 3, None]
        elif log2 > s.min_cb or log2 == 3:
            modes = {"2Nx2N": "1", "2NxN": "01", "Nx2N": "00"}
            contexts = [0, 1]
        else:
            modes = {"2Nx2N": "1", "2NxN": "01", "Nx2N": "001", "NxN": "000"}
            contexts = [0, 1, 2]
        mode = self.r.choice(["2Nx2N"] + list(modes))
        for bit, context in zip(modes[mode], contexts):
            if context is None:
                c.bypass(int(bit))
            else:
                self.bin("part_mode", context, bit == "1")
        return mode

    def prediction_units(self, part, log2, depth):
        n = 1 << log2
        sizes = {"2Nx2N": [(n, n)], "2NxN": [(n, n // 2)] * 2, "Nx2N": [(n // 2, n)] * 2,
                 "NxN": [(n // 2, n // 2)] * 4, "2NxnU": [(n, n // 4), (n, 3 * n // 4)],
                 "2NxnD": [(n, 3 * n // 4), (n, n // 4)], "nLx2N": [(n // 4, n), (3 * n // 4, n)],
                 "nRx2N": [(3 * n // 4, n), (n // 4, n)]}[part]
        merged = False
        for width, height in sizes:
            merged = self.flip(0.3)
            self.bin("merge_flag", 0, merged)
            if merged:
                self.merge_index()
            else:
                self.motion(width, height, depth)
        return merged

    def merge_index(self):
        if self.merge_candidates < 2:
            return
        index = self.r.randrange(self.merge_candidates)
        self.bin("merge_idx", 0, index > 0)
        for i in range(1, self.merge_candidates - 1):
            if index >= i:
                self.c.bypass(int(index > i))

    def motion(self, width, height, depth):
        use = [True, False]
        if self.type == 0:
            both = width + height != 12 and self.flip(0.4)
            if width + height != 12:
                self.bin("inter_pred", depth, both)
            second = self.flip()
            if not both:
                self.bin("inter_pred", 4, second)
            use = [both or not second, both or second]
        for index in range(2):
            if not use[index]:
                continue
            if self.active[index] > 1:
                self.reference_index(self.active[index])
            if not (index == 1 and all(use) and self.mvd_l1_zero):
                self.difference()
            self.bin("mvp", 0, self.flip())

    def reference_index(self, count):
        value = self.r.randrange(count)
        for i in range(count - 1):
            if value < i:
                break
            if i < 2:
                self.bin("ref_idx", i, value > i)
            else:
                self.c.bypass(int(value > i))

    def difference(self):
        values = [self.r.choice([0, 1, -1, self.r.randint(-90, 90)]) for _ in range(2)]
        for value in values:
            self.bin("mvd0", 0, value != 0)
        for value in values:
            if value:
                self.bin("mvd1", 0, abs(value) > 1)
        for value in values:
            if abs(value) > 1:
                self.exp_golomb(abs(value) - 2, 1)
            if value:
                self.c.bypass(int(value < 0))

    def exp_golomb(self, value, order):
        while value >= 1 << order:
            self.c.bypass(1)
            value -= 1 << order
            order += 1
        self.c.bypass(0)
        self.c.fixed(order, value)

    def transforms(self, x, y, log2, depth, limit, force, intra, parent=(True, True), block=0):
        s = self.s
        if log2 <= s.max_tb and log2 > s.min_tb and depth < limit and not (force and depth == 0):
            split = self.flip(0.3)
            self.bin("split_tu", 5 - log2, split)
        else:
            split = log2 > s.max_tb or (force and depth == 0)
        chroma = [False, False]
        for plane in range(2):
            if log2 > 2:
                if depth == 0 or parent[plane]:
                    chroma[plane] = self.flip(0.3)
                    self.bin("cbf_chroma", depth, chroma[plane])
            elif depth > 0:
                chroma[plane] = parent[plane]
        if split:
            half = 1 << (log2 - 1)
            for index, (dx, dy) in enumerate(((0, 0), (half, 0), (0, half), (half, half))):
                self.transforms(x + dx, y + dy, log2 - 1, depth + 1, limit, force, intra,
                                tuple(chroma), index)
            return
        luma = True
        if intra or depth > 0 or any(chroma):
            luma = self.flip(0.4)
            self.bin("cbf_luma", int(depth == 0), luma)
        if luma or any(chroma):
            if self.p["dqp"] and not self.qp_coded:
                self.qp_delta()
            if luma:
                self.residual(log2, 0)
            for plane in range(2):
                if chroma[plane] and (log2 > 2 or block == 3):
                    self.residual(max(log2 - 1, 2), plane + 1)

    def qp_delta(self):
        self.qp_coded = True
        value = self.r.choice([0, self.r.randint(-5, 5), self.r.randint(-14, 14)])
        prefix = min(abs(value), 5)
        for i in range(5):
            self.bin("qp_delta", int(i > 0), i < prefix)
            if i >= prefix:
                break
        if prefix == 5:
            self.exp_golomb(abs(value) - 5, 0)
        if value:
            self.c.bypass(int(value < 0))

    # A block with one coefficient, the first.
    def residual(self, log2, plane):
        if self.p["tskip"] and not self.bypassed and log2 == 2:
            self.bin("tskip", int(plane > 0), self.flip())
        offset = 15 if plane else 3 * (log2 - 2) + ((log2 - 1) >> 2)
        self.bin("last_x", offset, 0)
        self.bin("last_y", offset, 0)
        level = self.r.choice([1, 1, 2, 3, 4, 6])
        self.bin("greater1", 17 if plane else 1, level > 1)
        if level > 1:
            self.bin("greater2", 4 if plane else 0, level > 2)
        self.c.bypass(self.r.getrandbits(1))
        if level > 2:
            for _ in range(level - 3):
                self.c.bypass(1)
            self.c.bypass(0)


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
