// The libavcodec decoder behind a context: packets in, the pixels of the picture out.

#include <stdlib.h>
#include <string.h>

#include "decode.h"

// What the decoder gave out is the picture, for decoders that have their own memory.
static void take_output(struct softva_inner *inner) {
  if (inner->codec->capture != SOFTVA_CAPTURE_OUTPUT) return;
  av_frame_unref(inner->captured);
  av_frame_move_ref(inner->captured, inner->output);
  inner->captured_now = true;
  inner->corrupt = false;
}

// The picture is what the decoder asked memory for, not what it gives out: it gives pictures out
// in display order, later, and some never.
static int capture(AVCodecContext *decoder, AVFrame *frame, int flags) {
  struct softva_inner *inner = decoder->opaque;
  int error = avcodec_default_get_buffer2(decoder, frame, flags);
  if (error < 0) return error;
  if (inner->codec->capture == SOFTVA_CAPTURE_OUTPUT || inner->second_field) return 0;
  if (inner->captured_now && inner->codec->capture == SOFTVA_CAPTURE_FIRST) return 0;
  av_frame_unref(inner->captured);
  error = av_frame_ref(inner->captured, frame);
  if (error < 0) return error;
  inner->captured_now = true;
  inner->corrupt = false;
  return 0;
}

struct softva_inner *softva_inner_create(const struct softva_codec *codec) {
  static atomic_ullong serials;
  struct softva_inner *inner = calloc(1, sizeof *inner);
  if (inner == NULL) return NULL;
  inner->serial = atomic_fetch_add(&serials, 1) + 1;
  inner->codec = codec;
  inner->state = calloc(1, codec->state_size > 0 ? codec->state_size : 1);
  inner->packet = av_packet_alloc();
  inner->captured = av_frame_alloc();
  inner->output = av_frame_alloc();
  const AVCodec *decoder = avcodec_find_decoder(codec->id);
  inner->decoder = avcodec_alloc_context3(decoder);
  if (inner->state == NULL || inner->packet == NULL || inner->captured == NULL ||
      inner->output == NULL || inner->decoder == NULL)
    goto failed;
  inner->decoder->opaque = inner;
  inner->decoder->get_buffer2 = capture;
  inner->decoder->thread_count = 1;  // the picture is complete when the packet is taken
  // The client has a libavcodec too, most often this very one: not its messages.
  inner->decoder->log_level_offset = 64;
  if (avcodec_open2(inner->decoder, decoder, NULL) < 0) goto failed;
  return inner;

failed:
  softva_inner_destroy(inner);
  return NULL;
}

void softva_inner_destroy(struct softva_inner *inner) {
  if (inner == NULL) return;
  avcodec_free_context(&inner->decoder);
  av_packet_free(&inner->packet);
  av_frame_free(&inner->captured);
  av_frame_free(&inner->output);
  free(inner->state);
  free(inner);
}

AVFrame *softva_inner_decode(struct softva_inner *inner, const uint8_t *data, size_t size) {
  inner->captured_now = false;
  if (inner->codec->capture == SOFTVA_CAPTURE_OUTPUT) av_frame_unref(inner->captured);
  if (size > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) return NULL;
  av_packet_unref(inner->packet);
  inner->packet->data = (uint8_t *)data;
  inner->packet->size = (int)size;
  // The answer does not matter: a decoder that complains about a damaged picture still has one,
  // as real devices have.
  int answer = avcodec_send_packet(inner->decoder, inner->packet);
  for (int tries = 0; answer == AVERROR(EAGAIN) && tries < 32; tries++) {
    if (avcodec_receive_frame(inner->decoder, inner->output) < 0) break;
    take_output(inner);
    answer = avcodec_send_packet(inner->decoder, inner->packet);
  }
  while (avcodec_receive_frame(inner->decoder, inner->output) >= 0) take_output(inner);
  av_frame_unref(inner->output);
  inner->packet->data = NULL;
  inner->packet->size = 0;
  // Nothing new: the second field of what was captured before.
  return inner->captured->data[0] != NULL ? inner->captured : NULL;
}

static bool has_surface(struct softva_driver *driver, uint64_t serial) {
  const struct softva_table *table = &driver->tables[SOFTVA_SURFACES];
  for (size_t index = 0; index < table->capacity; index++) {
    const struct softva_surface *surface = table->slots[index].object;
    if (surface != NULL && surface->decoder == serial) return true;
  }
  return false;
}

void softva_inner_park(struct softva_driver *driver, struct softva_inner *inner) {
  inner->next = driver->parked;
  driver->parked = inner;
  softva_inner_collect(driver);
}

struct softva_inner *softva_inner_adopt(
    struct softva_driver *driver, const struct softva_codec *codec, uint64_t serial) {
  for (struct softva_inner **link = &driver->parked; *link != NULL; link = &(*link)->next) {
    struct softva_inner *inner = *link;
    if (inner->serial != serial || inner->codec != codec) continue;
    *link = inner->next;
    inner->next = NULL;
    return inner;
  }
  return NULL;
}

void softva_inner_collect(struct softva_driver *driver) {
  for (struct softva_inner **link = &driver->parked; *link != NULL;) {
    struct softva_inner *inner = *link;
    if (has_surface(driver, inner->serial)) {
      link = &inner->next;
    } else {
      *link = inner->next;
      softva_inner_destroy(inner);
    }
  }
}

void softva_inner_free_parked(struct softva_driver *driver) {
  while (driver->parked != NULL) {
    struct softva_inner *inner = driver->parked;
    driver->parked = inner->next;
    softva_inner_destroy(inner);
  }
}
