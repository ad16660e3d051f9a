"""The peers behind one door: open a clip, give a frame by its number, give a range. Each by the way that its own
documentation shows. A frame is what the library hands out; `digest` makes bytes of it, outside of what is timed."""

import bisect
import hashlib


class PyAV:
    """Seek to the keyframe before the frame's time, decode to that time."""

    output = "YUV"

    def __init__(self, path, threads):
        import av

        self.container = av.open(path)
        self.stream = self.container.streams.video[0]
        self.stream.codec_context.thread_count = threads
        self.stream.codec_context.thread_type = "AUTO"
        packets = [p for p in self.container.demux(self.stream) if p.pts is not None and not p.is_discard]
        self.times = sorted(p.pts for p in packets)
        self.keys = sorted(p.pts for p in packets if p.is_keyframe)

    def __len__(self):
        return len(self.times)

    def _from(self, number):
        self.container.seek(self.times[number], stream=self.stream, backward=True)
        for frame in self.container.decode(self.stream):
            if frame.pts is not None and frame.pts >= self.times[number]:
                yield frame

    def frame(self, number):
        return next(self._from(number))

    def range(self, first, last):
        frames = self._from(first)
        return [next(frames) for _ in range(first, last + 1)]

    def sequence(self):
        self.container.seek(0, stream=self.stream, backward=True)
        yield from self.container.decode(self.stream)

    def digest(self, frame):
        return hashlib.md5(frame.to_ndarray(format=frame.format.name).tobytes()).hexdigest()


class FFMS2:
    output = "YUV"

    def __init__(self, path, threads):
        import ffms2

        indexer = ffms2.Indexer(path)
        tracks = indexer.track_info_list
        number = next(i for i, t in enumerate(tracks) if t.type == ffms2.FFMS_TYPE_VIDEO)
        self.source = ffms2.VideoSource(path, number, indexer.do_indexing2(), num_threads=threads)

    def __len__(self):
        return self.source.properties.NumFrames

    def frame(self, number):
        return self.source.get_frame(number)

    def range(self, first, last):
        # The frame's memory is the source's own, until the next one.
        for number in range(first, last + 1):
            frame = self.source.get_frame(number)
        return [frame]

    def sequence(self):
        for number in range(len(self)):
            yield self.source.get_frame(number)

    def digest(self, frame):
        import ctypes

        width, height = frame.EncodedWidth, frame.EncodedHeight
        hash = hashlib.md5()
        for plane in range(3):
            w, h = (width, height) if plane == 0 else ((width + 1) // 2, (height + 1) // 2)
            start = ctypes.addressof(frame.Data[plane].contents)
            for row in range(h):
                hash.update(ctypes.string_at(start + row * frame.Linesize[plane], w))
        return hash.hexdigest()


class Decord:
    output = "RGB"

    def __init__(self, path, threads):
        import decord

        self.reader = decord.VideoReader(path, num_threads=threads)

    def __len__(self):
        return len(self.reader)

    def frame(self, number):
        return self.reader[number]

    def range(self, first, last):
        return self.reader.get_batch(list(range(first, last + 1)))

    def sequence(self):
        self.reader.seek(0)
        for _ in range(len(self)):
            yield self.reader.next()

    def digest(self, frame):
        return hashlib.md5(frame.asnumpy().tobytes()).hexdigest()


class TorchCodec:
    output = "RGB"

    def __init__(self, path, threads):
        from torchcodec.decoders import VideoDecoder

        self.decoder = VideoDecoder(path, num_ffmpeg_threads=threads, seek_mode="exact")

    def __len__(self):
        return len(self.decoder)

    def frame(self, number):
        return self.decoder[number]

    def range(self, first, last):
        return self.decoder.get_frames_in_range(first, last + 1)

    def sequence(self):
        for number in range(len(self)):
            yield self.decoder[number]

    def digest(self, frame):
        return hashlib.md5(frame.numpy().tobytes()).hexdigest()


class OpenCV:
    output = "BGR"

    def __init__(self, path, threads):
        import cv2

        self.cv2 = cv2
        self.capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])

    def __len__(self):
        return int(self.capture.get(self.cv2.CAP_PROP_FRAME_COUNT))

    def frame(self, number):
        self.capture.set(self.cv2.CAP_PROP_POS_FRAMES, number)
        return self._read()

    def _read(self):
        is_there, frame = self.capture.read()
        if not is_there:
            raise IndexError("no frame")
        return frame

    def range(self, first, last):
        return [self.frame(first)] + [self._read() for _ in range(first, last)]

    def sequence(self):
        self.capture.set(self.cv2.CAP_PROP_POS_FRAMES, 0)
        while True:
            is_there, frame = self.capture.read()
            if not is_there:
                return
            yield frame

    def digest(self, frame):
        return hashlib.md5(frame.tobytes()).hexdigest()


ALL = {"PyAV": PyAV, "FFMS2": FFMS2, "decord": Decord, "TorchCodec": TorchCodec, "OpenCV": OpenCV}
MODULES = {"PyAV": "av", "FFMS2": "ffms2", "decord": "decord", "TorchCodec": "torchcodec", "OpenCV": "cv2"}
