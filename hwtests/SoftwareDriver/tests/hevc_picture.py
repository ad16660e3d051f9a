"""One picture of random_hevc.py: slice headers and slice data."""
from hevc_cabac import Bits, Cabac, ceil_log2, escape, initial_contexts, nal


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
