// The named reference of vabuf's speed claims: what a program gets that writes its own loop on libavformat and
// libavcodec. It indexes the packets by demuxing, seeks to the keyframe at or before the wanted frame, and decodes
// from there; no picture is copied.
//
//   bare-loop FILE [--threads N] [--workload sequential]
//   bare-loop FILE [--threads N] --requests TRACE [--lru BYTES] [--pace MS]
//
// TRACE has one frame number, or a-b for a range, a line; where b is less than a, these are the frames from a down to b,
// one by one. With --lru, decoded frames go to a plain LRU cache of that size, and the decoder goes on forward instead of
// seeking where no keyframe lies between it and the wanted frame. With --pace, a request (a forward range is one) comes no
// sooner than so long after the one before.
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct {
  int64_t pts;
  int key;
} Entry;

typedef struct {
  AVFrame *frame; // NULL: not cached
  int64_t used;   // the clock of the last use
  int64_t bytes;
} Slot;

static AVFormatContext *format;
static AVCodecContext *codec;
static AVPacket *packet;
static AVFrame *frame;
static int stream;
static int draining;

static Entry *entries; // in presentation order: entry n is frame n
static int count;

static Slot *slots; // one a frame
static int64_t cached_bytes, budget, use_clock;

static int next_frame = -1; // the number of the frame that the decoder gives next; -1: not known, seek
static int64_t decoded, delivered;

static void fail(const char *what, ...) {
  va_list arguments;
  va_start(arguments, what);
  fputs("bare-loop: ", stderr);
  vfprintf(stderr, what, arguments);
  fputc('\n', stderr);
  exit(1);
}

static void check(int result, const char *what) {
  if (result < 0) fail("%s: %s", what, av_err2str(result));
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static double wait_until(double due) {
  double t = now();
  if (due <= t) return t;
  struct timespec end = {(time_t)due, (long)((due - (time_t)due) * 1e9)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) continue;
  return now();
}

static void open_file(const char *path, int threads) {
  const AVCodec *decoder;
  check(avformat_open_input(&format, path, NULL, NULL), path);
  check(avformat_find_stream_info(format, NULL), path);
  stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  check(stream, "no video stream that can be decoded");
  for (unsigned i = 0; i < format->nb_streams; i++)
    if ((int)i != stream) format->streams[i]->discard = AVDISCARD_ALL;
  codec = avcodec_alloc_context3(decoder);
  packet = av_packet_alloc();
  frame = av_frame_alloc();
  if (!codec || !packet || !frame) fail("out of memory");
  check(avcodec_parameters_to_context(codec, format->streams[stream]->codecpar), "codec parameters");
  codec->pkt_timebase = format->streams[stream]->time_base;
  codec->thread_count = threads;
  check(avcodec_open2(codec, decoder, NULL), "cannot open the decoder");
}

// Gives the next decoded frame in `frame`, or returns 0 at the end of the stream.
static int receive(void) {
  for (;;) {
    int result = avcodec_receive_frame(codec, frame);
    if (result == 0) {
      decoded++;
      return 1;
    }
    if (result == AVERROR_EOF) return 0;
    if (result != AVERROR(EAGAIN)) check(result, "decode");
    do {
      av_packet_unref(packet);
      result = av_read_frame(format, packet);
    } while (result >= 0 && packet->stream_index != stream);
    if (result < 0 && result != AVERROR_EOF) check(result, "read");
    if (result == AVERROR_EOF && draining) fail("the decoder gives nothing more, and does not end");
    draining = result == AVERROR_EOF;
    check(avcodec_send_packet(codec, draining ? NULL : packet), "decode");
    av_packet_unref(packet);
  }
}

static int by_pts(const void *a, const void *b) {
  int64_t x = ((const Entry *)a)->pts, y = ((const Entry *)b)->pts;
  return (x > y) - (x < y);
}

static void make_index(void) {
  int room = 0;
  while (av_read_frame(format, packet) >= 0) {
    if (packet->stream_index == stream && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
      if (packet->pts == AV_NOPTS_VALUE) fail("a packet without PTS: this reference needs a container with timestamps");
      if (count == room && !(entries = realloc(entries, (room = room ? 2 * room : 1024) * sizeof *entries)))
        fail("out of memory");
      entries[count++] = (Entry){packet->pts, packet->flags & AV_PKT_FLAG_KEY};
    }
    av_packet_unref(packet);
  }
  qsort(entries, count, sizeof *entries, by_pts);
  if (!(slots = calloc(count, sizeof *slots))) fail("out of memory");
}

static int number_of(int64_t pts) {
  Entry key = {pts, 0};
  Entry *found = bsearch(&key, entries, count, sizeof *entries, by_pts);
  return found ? (int)(found - entries) : -1;
}

static int keyframe_for(int n) {
  while (n > 0 && !entries[n].key) n--;
  return n;
}

static void cache_insert(int n) {
  if (slots[n].frame) return;
  int64_t size = av_image_get_buffer_size(frame->format, frame->width, frame->height, 1);
  while (cached_bytes > 0 && cached_bytes + size > budget) {
    int oldest = -1;
    for (int i = 0; i < count; i++)
      if (slots[i].frame && (oldest < 0 || slots[i].used < slots[oldest].used)) oldest = i;
    av_frame_free(&slots[oldest].frame);
    cached_bytes -= slots[oldest].bytes;
  }
  if (size > budget) return;
  if (!(slots[n].frame = av_frame_clone(frame))) fail("out of memory");
  slots[n].used = use_clock++;
  slots[n].bytes = size;
  cached_bytes += size;
}

// Decodes until frame n has come out, from a seek if `seek`.
static void decode_to(int n, int seek) {
  if (seek) {
    check(av_seek_frame(format, stream, entries[keyframe_for(n)].pts, AVSEEK_FLAG_BACKWARD), "seek");
    avcodec_flush_buffers(codec);
    draining = 0;
    next_frame = -1;
  }
  while (receive()) {
    int number = number_of(frame->best_effort_timestamp);
    if (budget > 0 && number >= 0) cache_insert(number);
    av_frame_unref(frame);
    if (number < 0) continue;
    if (number > n) fail("frame %d came out, frame %d did not: the seek landed too late", number, n);
    next_frame = number + 1;
    if (number == n) return;
  }
  fail("the stream ends before frame %d", n);
}

static void deliver(int n, int first_of_request) {
  delivered++;
  if (budget > 0 && slots[n].frame) {
    slots[n].used = use_clock++;
    return;
  }
  int on_the_way = next_frame >= 0 && next_frame <= n && keyframe_for(n) <= next_frame;
  decode_to(n, !(on_the_way && (budget > 0 || !first_of_request)));
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const char *path = NULL, *trace = NULL;
  int threads = 0;
  double pace = 0, waited = 0;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (argv[i][0] != '-') {
      path = argv[i];
      continue;
    }
    if (!value) fail("%s needs a value", argv[i]);
    if (!strcmp(argv[i], "--threads")) threads = atoi(value);
    else if (!strcmp(argv[i], "--requests")) trace = value;
    else if (!strcmp(argv[i], "--lru")) budget = atoll(value);
    else if (!strcmp(argv[i], "--pace")) pace = atof(value) / 1e3;
    else if (strcmp(argv[i], "--workload") || strcmp(value, "sequential")) fail("not an option here: %s %s", argv[i], value);
    i++;
  }
  if (!path) fail("usage: bare-loop FILE [--threads N] [--workload sequential | --requests TRACE [--lru BYTES] [--pace MS]]");
  av_log_set_level(AV_LOG_ERROR);
  double opening = now();
  open_file(path, threads);

  double *latencies = NULL, open_seconds, seconds;
  int requests = 0, room = 0;
  if (trace) {
    FILE *file = fopen(trace, "r");
    char line[64];
    if (!file) fail("cannot open %s", trace);
    make_index();
    double start = now(), due = start;
    open_seconds = start - opening;
    while (fgets(line, sizeof line, file)) {
      int first, last;
      int fields = sscanf(line, "%d-%d", &first, &last);
      if (fields < 1) continue;
      if (fields == 1) last = first;
      if (first < 0 || last < 0 || first >= count || last >= count) fail("no such frames: %s", line);
      int backward = last < first;
      do {
        int end = backward ? first : last;
        double begin = wait_until(due);
        due = begin + pace;
        for (int n = first; n <= end; n++) deliver(n, n == first);
        if (requests == room && !(latencies = realloc(latencies, (room = room ? 2 * room : 1024) * sizeof *latencies)))
          fail("out of memory");
        double took = now() - begin;
        waited += took;
        latencies[requests++] = took * 1e3;
      } while (backward && first-- > last);
    }
    seconds = now() - start;
    qsort(latencies, requests, sizeof *latencies, by_value);
  } else {
    double start = now();
    open_seconds = start - opening;
    while (receive()) {
      delivered++;
      av_frame_unref(frame);
    }
    seconds = now() - start;
  }

  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"frames\": %lld, \"decoded_frames\": %lld, \"open_seconds\": %.6f, \"seconds\": %.6f, \"frames_per_second\": %.3f, ",
         (long long)delivered, (long long)decoded, open_seconds, seconds, delivered / seconds);
  if (requests > 0)
    printf("\"waited_seconds\": %.6f, \"latency_ms\": {\"p50\": %.3f, \"p95\": %.3f}, ", waited,
           latencies[(requests - 1) / 2], latencies[(requests - 1) * 95 / 100]);
  printf("\"peak_rss_bytes\": %lld}\n", (long long)usage.ru_maxrss * 1024);
  return 0;
}
