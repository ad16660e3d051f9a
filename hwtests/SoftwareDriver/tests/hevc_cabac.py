"""The arithmetic coder, bits and NAL units of HEVC, for random_hevc.py."""

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
