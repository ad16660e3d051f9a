// The only C of the product: what Swift cannot say, and the differences between FFmpeg 5.1 and 7.1 in one place.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Threads. Swift does not import pthread_setname_np (it is behind _GNU_SOURCE). Returns an errno.
int vabuf_name_this_thread(const char *name);

// Lowers the priority of this thread, and of those that it will make: on Linux each thread has its own. Returns an errno.
int vabuf_lower_thread_priority(int steps);

// What Swift does not import because it is behind _GNU_SOURCE: names of errors and signals without their "SIG" (NULL where
// there is none), a pipe that no child inherits, a file in memory (-1, with errno set, where they cannot be had).
const char *vabuf_error_name(int number);
const char *vabuf_signal_name(int number);
int vabuf_pipe(int descriptors[2]);
int vabuf_memory_file(const char *name);

// Log lines. Swift cannot receive a va_list from a C callback on every architecture.
typedef void (*vabuf_log_sink)(int level, const char *line);
void vabuf_set_log_sink(vabuf_log_sink sink);

// Calls `watch` with the `opaque` of each decoder whose get_buffer2 is this one, and with the format of the line, when
// the decoder logs an error, that it conceals one, or that H.264 pictures are not there. FFmpeg 5.1 says no other way that
// a frame thread concealed.
// What a demuxer whose interrupt callback is `interrupted`, and says so, logs goes nowhere: it was told to stop.
typedef void (*vabuf_decoder_watch)(void *opaque, const char *format);
void vabuf_watch_log(
    int (*get_buffer2)(AVCodecContext *, AVFrame *, int), vabuf_decoder_watch watch, int (*interrupted)(void *));

// Feature tests: members that moved to flags in libavutil 58.7 (FFmpeg 6.1), and stream side data that moved into
// the codec parameters in libavcodec 60.30.
bool vabuf_frame_is_interlaced(const AVFrame *frame);
bool vabuf_frame_is_top_field_first(const AVFrame *frame);
struct AVStream;
const uint8_t *vabuf_stream_side_data(const struct AVStream *stream, enum AVPacketSideDataType type, size_t *size);

// FFmpeg before 6.0: declares get_buffer2 thread-safe, without which it refuses frame threads.
void vabuf_allow_threaded_callbacks(AVCodecContext *context);

// FFmpeg's device context on a display that somebody else opened and closes. Swift cannot see AVVAAPIDeviceContext, whose
// header needs libva's. NULL and an AVERROR in `error` where it cannot be made.
AVBufferRef *vabuf_vaapi_device(void *display, int *error);

// Names the surfaces that a decoder's context is made with, in frames that are not initialised. The list is copied;
// FFmpeg frees the copy with the frames, initialised or not. An AVERROR where there is no memory.
int vabuf_vaapi_set_targets(AVBufferRef *frames, const uint32_t *surfaces, int count);

// A pattern in some rows of a plane: two of 32, so that each 16 rows and each field have one, in every block of bytes.
// `vabuf_rows_are_marked` looks at the rows from `top` to `bottom` and the blocks from `first` to `last` (not included) and
// says whether the pattern is left in one.
void vabuf_mark_rows(uint8_t *plane, size_t stride, size_t rows, size_t block_bytes);
bool vabuf_rows_are_marked(
    const uint8_t *plane, size_t stride, size_t top, size_t bottom, size_t block_bytes, size_t first, size_t last);

// Samples between a surface's layout (NV12, P010: luma, then pairs of chroma, 10 bits in the upper ones of 16) and planes
// (yuv420p, yuv420p10le). `bits` is 8 or 10; strides are bytes. `streaming` reads memory that is not cached, through
// streaming loads; the reading functions return false when memory for a row is out.
struct vabuf_rows {
  const uint8_t *start;
  ptrdiff_t stride;
};
bool vabuf_has_streaming_loads(void);
bool vabuf_read_luma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows source, size_t samples, size_t rows, int bits, bool streaming);
bool vabuf_read_chroma(
    uint8_t *u, uint8_t *v, ptrdiff_t stride, struct vabuf_rows source, size_t pairs, size_t rows, int bits,
    bool streaming);
void vabuf_write_luma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows source, size_t samples, size_t rows, int bits);
void vabuf_write_chroma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows u, struct vabuf_rows v, size_t pairs, size_t rows, int bits);

// Rows of a plane, packed without loss (packing.c). `sample_bytes` is 1 or 2; `fast` is what `vabuf_has_fast_packing` says,
// and makes no difference to the bytes. Packing goes on from row `first` to `last` (not included) as long as the next row is
// sure to fit; it says how many bytes it used, and returns the row to go on with. Unpacking reads what one call packed, after
// the rows before. Both may touch `vabuf_packing_slack` bytes behind what is packed.
enum { vabuf_packing_slack = 8 };
bool vabuf_has_fast_packing(void);
size_t vabuf_pack_rows(
    uint8_t *target, size_t capacity, size_t *used, struct vabuf_rows source, size_t first, size_t last,
    size_t row_bytes, int sample_bytes, bool fast);
void vabuf_unpack_rows(
    uint8_t *target, ptrdiff_t stride, size_t first, size_t last, size_t row_bytes, int sample_bytes,
    const uint8_t *packed, bool fast);
