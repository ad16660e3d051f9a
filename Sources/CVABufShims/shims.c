#define _GNU_SOURCE
#include "CVABufShims.h"
#include <libavformat/avformat.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vaapi.h>
#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int vabuf_name_this_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

int vabuf_lower_thread_priority(int steps) {
  errno = 0;
  return nice(steps) == -1 ? errno : 0;
}

const char *vabuf_error_name(int number) { return strerrorname_np(number); }
const char *vabuf_signal_name(int number) { return sigabbrev_np(number); }
int vabuf_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }
int vabuf_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

static _Atomic(vabuf_log_sink) log_sink;

// libav prints a line in pieces; the prefix state must follow the pieces of one thread.
static _Thread_local int print_prefix = 1;

typedef int (*get_buffer)(struct AVCodecContext *, AVFrame *, int);
static _Atomic(get_buffer) watched;
static _Atomic(vabuf_decoder_watch) decoder_watch;
typedef int (*interrupt_callback)(void *);
static _Atomic(interrupt_callback) reader_interrupted;

static void tell_watch(void *object, int level, const char *format) {
  vabuf_decoder_watch watch = atomic_load_explicit(&decoder_watch, memory_order_acquire);
  if (!watch || !object || level > AV_LOG_DEBUG) return;
  if (level > AV_LOG_INFO ? strncmp(format, "Frame num gap", 13) != 0
                          : level > AV_LOG_ERROR && strncmp(format, "concealing", 10) != 0)
    return;
  if (*(const AVClass **)object != avcodec_get_class()) return;
  const AVCodecContext *context = object;
  if (context->opaque && context->get_buffer2 == atomic_load_explicit(&watched, memory_order_relaxed))
    watch(context->opaque, format);
}

// Whoever logs as a demuxer is one: FFmpeg itself never gives a mere pointer to the class for an object.
static bool is_interrupted(void *object) {
  if (!object || *(const AVClass **)object != avformat_get_class()) return false;
  const AVIOInterruptCB *interrupt = &((const AVFormatContext *)object)->interrupt_callback;
  return interrupt->callback && interrupt->callback == atomic_load_explicit(&reader_interrupted, memory_order_relaxed) &&
         interrupt->callback(interrupt->opaque);
}

static void each_line(void *object, int level, const char *format, va_list arguments) {
  if (is_interrupted(object)) return;
  tell_watch(object, level & 0xff, format);
  vabuf_log_sink sink = atomic_load_explicit(&log_sink, memory_order_acquire);
  if (!sink) {
    av_log_default_callback(object, level, format, arguments);
    return;
  }
  if ((level & 0xff) > av_log_get_level()) return;
  char line[1024];
  if (av_log_format_line2(object, level, format, arguments, line, sizeof line, &print_prefix) < 0) return;
  sink(level & 0xff, line);
}

void vabuf_set_log_sink(vabuf_log_sink sink) {
  atomic_store_explicit(&log_sink, sink, memory_order_release);
  av_log_set_callback(each_line);
}

void vabuf_watch_log(get_buffer get_buffer2, vabuf_decoder_watch watch, interrupt_callback interrupted) {
  atomic_store_explicit(&watched, get_buffer2, memory_order_relaxed);
  atomic_store_explicit(&reader_interrupted, interrupted, memory_order_relaxed);
  atomic_store_explicit(&decoder_watch, watch, memory_order_release);
  av_log_set_callback(each_line);
}

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
bool vabuf_frame_is_interlaced(const AVFrame *frame) { return frame->flags & AV_FRAME_FLAG_INTERLACED; }
bool vabuf_frame_is_top_field_first(const AVFrame *frame) { return frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST; }
#else
bool vabuf_frame_is_interlaced(const AVFrame *frame) { return frame->interlaced_frame; }
bool vabuf_frame_is_top_field_first(const AVFrame *frame) { return frame->top_field_first; }
#endif

const uint8_t *vabuf_stream_side_data(const AVStream *stream, enum AVPacketSideDataType type, size_t *size) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
  const AVPacketSideData *data = av_packet_side_data_get(
      stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, type);
  *size = data ? data->size : 0;
  return data ? data->data : NULL;
#else
  *size = 0;
  return av_stream_get_side_data(stream, type, size);
#endif
}

void vabuf_allow_threaded_callbacks(AVCodecContext *context) {
#if LIBAVCODEC_VERSION_MAJOR < 60
  // Deprecated since 5.0 and needed until 6.0.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  context->thread_safe_callbacks = 1;
#pragma GCC diagnostic pop
#else
  (void)context;
#endif
}

AVBufferRef *vabuf_vaapi_device(void *display, int *error) {
  AVBufferRef *device = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_VAAPI);
  if (!device) {
    *error = AVERROR(ENOMEM);
    return NULL;
  }
  AVHWDeviceContext *context = (AVHWDeviceContext *)device->data;
  ((AVVAAPIDeviceContext *)context->hwctx)->display = display;
  *error = av_hwdevice_ctx_init(device);
  if (*error < 0) av_buffer_unref(&device);
  return device;
}

int vabuf_vaapi_set_targets(AVBufferRef *frames, const uint32_t *surfaces, int count) {
  AVVAAPIFramesContext *vaapi = ((AVHWFramesContext *)frames->data)->hwctx;
  VASurfaceID *copy = av_malloc_array((size_t)count, sizeof *copy);
  if (!copy) return AVERROR(ENOMEM);
  memcpy(copy, surfaces, (size_t)count * sizeof *copy);
  av_freep(&vaapi->surface_ids);
  vaapi->surface_ids = copy;
  vaapi->nb_surfaces = count;
  return 0;
}
