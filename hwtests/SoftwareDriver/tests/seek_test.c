// Seeks in each file, in a software decoder and in one on the device at the same time, and compares
// the pictures that come out of the two from the seek point's on:
//
//   hwtests/with-software-driver seek_test [-n PLACES] FILE...
//
// Neither decoder is opened again: the driver has to notice by itself that its client started over.
// Each place is sought twice, the second time after a few pictures: the decoder behind the driver
// then still holds the pictures that come again.
// Pictures in front of the seek point (leading ones, whose references are gone) are counted only.

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURES 14  // after each seek
#define FIRST_PICTURES 3  // after the first of the two to a place

struct side {
  AVCodecContext *decoder;
  AVFrame *frames[PICTURES];
  int count;
};

static enum AVPixelFormat choose(AVCodecContext *decoder, const enum AVPixelFormat *formats) {
  (void)decoder;
  for (; *formats != AV_PIX_FMT_NONE; formats++)
    if (*formats == AV_PIX_FMT_VAAPI) return *formats;
  return AV_PIX_FMT_NONE;
}

static bool open_side(struct side *side, const AVStream *stream, AVBufferRef *device) {
  const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
  // The decoder that libavcodec prefers for AV1 drives no device.
  if (device != NULL && stream->codecpar->codec_id == AV_CODEC_ID_AV1)
    codec = avcodec_find_decoder_by_name("av1");
  *side = (struct side){.decoder = avcodec_alloc_context3(codec)};
  avcodec_parameters_to_context(side->decoder, stream->codecpar);
  side->decoder->thread_count = 1;
  side->decoder->pkt_timebase = stream->time_base;
  side->decoder->extra_hw_frames = PICTURES;
  if (device != NULL) {
    side->decoder->hw_device_ctx = av_buffer_ref(device);
    side->decoder->get_format = choose;
    side->decoder->hwaccel_flags = AV_HWACCEL_FLAG_ALLOW_PROFILE_MISMATCH;
  }
  return avcodec_open2(side->decoder, codec, NULL) == 0;
}

static void forget(struct side *side) {
  for (int index = 0; index < side->count; index++) av_frame_free(&side->frames[index]);
  side->count = 0;
}

static bool feed(struct side *side, const AVPacket *packet) {
  if (avcodec_send_packet(side->decoder, packet) == AVERROR(EIO)) return false;
  AVFrame *frame = av_frame_alloc();
  while (avcodec_receive_frame(side->decoder, frame) == 0) {
    if (side->count < PICTURES) {
      side->frames[side->count++] = frame;
      frame = av_frame_alloc();
    }
  }
  av_frame_free(&frame);
  return true;
}

// Whether the two show the same: chroma is interleaved in one and not in the other, ten bits stand
// high in one and low in the other.
static bool equal(const AVFrame *software, const AVFrame *hardware) {
  AVFrame *frame = av_frame_alloc();
  bool same = av_hwframe_transfer_data(frame, hardware, 0) == 0;
  const AVPixFmtDescriptor *left = av_pix_fmt_desc_get(software->format);
  const AVPixFmtDescriptor *right = av_pix_fmt_desc_get(frame->format);
  same = same && right != NULL && left->comp[0].depth == right->comp[0].depth;
  for (int component = 0; same && component < left->nb_components; component++) {
    int shift = component > 0;
    int width = AV_CEIL_RSHIFT(software->width, shift);
    int height = AV_CEIL_RSHIFT(software->height, shift);
    uint16_t a[8192], b[8192];
    if (width > 8192) return false;
    for (int y = 0; same && y < height; y++) {
      av_read_image_line(
          a, (const uint8_t **)software->data, software->linesize, left, 0, y, component, width, 0);
      av_read_image_line(
          b, (const uint8_t **)frame->data, frame->linesize, right, 0, y, component, width, 0);
      same = memcmp(a, b, (size_t)width * 2) == 0;
    }
  }
  av_frame_free(&frame);
  return same;
}

static int test(const char *path, int seeks, AVBufferRef *device) {
  AVFormatContext *format = NULL;
  if (avformat_open_input(&format, path, NULL, NULL) < 0 ||
      avformat_find_stream_info(format, NULL) < 0) {
    printf("%-40s cannot be opened\n", path);
    return 1;
  }
  int index = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
  const AVStream *stream = format->streams[index];
  struct side sides[2];
  if (!open_side(&sides[0], stream, NULL) || !open_side(&sides[1], stream, device)) return 1;
  int64_t start = stream->start_time == AV_NOPTS_VALUE ? 0 : stream->start_time;
  int64_t duration = stream->duration > 0
                         ? stream->duration
                         : av_rescale_q(format->duration, AV_TIME_BASE_Q, stream->time_base);
  unsigned seed = 1;
  int compared = 0, wrong = 0, leading = 0, leading_wrong = 0, errors = 0;
  AVPacket *packet = av_packet_alloc();
  int64_t wanted = start;
  for (int seek = 0; seek < 2 * seeks; seek++) {
    int pictures = seek % 2 == 0 ? FIRST_PICTURES : PICTURES;
    if (seek % 2 == 0)
      wanted = start + (int64_t)((double)duration * (rand_r(&seed) % 1000) / 1000);
    av_seek_frame(format, index, wanted, AVSEEK_FLAG_BACKWARD);
    for (int side = 0; side < 2; side++) avcodec_flush_buffers(sides[side].decoder);
    int64_t first = AV_NOPTS_VALUE;
    while (sides[0].count < pictures) {
      bool end = av_read_frame(format, packet) < 0;
      if (!end && packet->stream_index != index) {
        av_packet_unref(packet);
        continue;
      }
      if (!end && first == AV_NOPTS_VALUE) first = packet->pts;
      for (int side = 0; side < 2; side++) errors += !feed(&sides[side], end ? NULL : packet);
      av_packet_unref(packet);
      if (end) break;
    }
    if (sides[0].count != sides[1].count) wrong++;
    for (int at = 0; at < sides[0].count && at < sides[1].count; at++) {
      const AVFrame *software = sides[0].frames[at];
      bool same = equal(software, sides[1].frames[at]);
      if (software->pts < first) {
        leading++;
        leading_wrong += !same;
      } else {
        compared++;
        wrong += !same;
      }
    }
    for (int side = 0; side < 2; side++) forget(&sides[side]);
  }
  const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
  printf(
      "%-40s %3d places %4d pictures %3d wrong, %3d leading %3d wrong, %d errors\n", name, seeks,
      compared, wrong, leading, leading_wrong, errors);
  av_packet_free(&packet);
  for (int side = 0; side < 2; side++) avcodec_free_context(&sides[side].decoder);
  avformat_close_input(&format);
  return wrong > 0 || errors > 0 || compared == 0;
}

int main(int count, char **arguments) {
  int seeks = 20, at = 1;
  if (count > 2 && strcmp(arguments[1], "-n") == 0) {
    seeks = atoi(arguments[2]);
    at = 3;
  }
  av_log_set_level(AV_LOG_QUIET);
  AVBufferRef *device = NULL;
  if (av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, "/dev/null", NULL, 0) < 0) {
    puts("seek_test: no device");
    return 1;
  }
  int failed = 0;
  for (; at < count; at++) failed += test(arguments[at], seeks, device);
  av_buffer_unref(&device);
  return failed > 0;
}
