// Contexts, their workers and the libavcodec decoders inside.

#ifndef SOFTVA_DECODE_H
#define SOFTVA_DECODE_H

#include <libavcodec/avcodec.h>

#include "objects.h"

struct softva_profile {
  VAProfile profile;
  const struct softva_codec *codec;
  bool ten_bit;  // P010 surfaces
  unsigned max_width, max_height;
};

#define SOFTVA_MAX_PROFILES 16
#define SOFTVA_MAX_CONFIG_ATTRIBUTES 4

// The profiles that are advertised; `found` may be NULL. Returns their number.
size_t softva_profiles(const struct softva_profile **found, size_t capacity);
// NULL if it is not advertised.
const struct softva_profile *softva_profile_find(VAProfile profile);

// One libavcodec decoder, and what its codec remembers.
struct softva_inner {
  uint64_t serial;  // never 0
  const struct softva_codec *codec;
  void *state;             // of the codec; used by the thread that submits
  AVCodecContext *decoder; // from here on: used by the worker
  AVPacket *packet;
  AVFrame *captured;  // the picture's pixels; kept for a second field
  AVFrame *output;
  bool captured_now;  // since the last packet was sent
  bool second_field;  // of what is captured: what comes is not the picture
  bool corrupt;       // SOFTVA_CORRUPT struck the first field of what is captured
  struct softva_inner *next;
};

struct softva_inner *softva_inner_create(const struct softva_codec *codec);
void softva_inner_destroy(struct softva_inner *inner);
// Decodes one packet; the picture's pixels, or NULL if there are none. `data` has
// AV_INPUT_BUFFER_PADDING_SIZE bytes behind it.
AVFrame *softva_inner_decode(struct softva_inner *inner, const uint8_t *data, size_t size);

// A decoder whose context went away stays as long as a surface holds a picture of it: the client
// may refer to that picture from its next context (VP9 does, when the size changes).
void softva_inner_park(struct softva_driver *driver, struct softva_inner *inner);
struct softva_inner *softva_inner_adopt(
    struct softva_driver *driver, const struct softva_codec *codec, uint64_t serial);
void softva_inner_collect(struct softva_driver *driver);
void softva_inner_free_parked(struct softva_driver *driver);

// One picture on its way.
struct softva_job {
  struct softva_inner *inner;
  struct softva_bytes packet;
  struct softva_surface *target;
  struct softva_surface **references;
  size_t reference_count;
  bool restart;  // the decoder forgets what it holds first
  bool second_field;
  bool corrupt;
  struct softva_job *next;
};

struct softva_context {
  VAContextID id;
  struct softva_driver *driver;
  const struct softva_profile *profile;
  int width, height;
  bool in_picture;
  bool spoiled;  // a call that belongs to the picture was made to fail
  bool restart;  // the client started over, and the decoder was not told yet
  VASurfaceID target;
  size_t capacity, bound;  // SOFTVA_BINDS: how many surfaces it takes, and has taken
  struct softva_buffer **rendered;
  size_t rendered_count, rendered_capacity;
  struct softva_inner *inner;
  // The worker. Guarded by the driver's lock.
  pthread_t thread;
  bool has_thread;
  bool stopping;
  pthread_cond_t work;
  struct softva_job *first_job, *last_job;
  int open_jobs;  // submitted, and not decoded yet
};

// Waits for the pictures on their way, then frees it. Not under the lock.
void softva_context_destroy(struct softva_driver *driver, struct softva_context *context);
// A call of the picture failed on purpose: what follows is not the client's fault.
void softva_context_spoil(struct softva_driver *driver, VAContextID id);
// vaEndPicture failed on purpose: the picture is over.
void softva_context_abandon(struct softva_driver *driver, VAContextID id);

// Hands the job to the worker, which frees it. Under the lock. False: no thread could be made.
bool softva_worker_submit(struct softva_context *context, struct softva_job *job);
void softva_job_free(struct softva_job *job);
// SOFTVA_BINDS: what has not begun is not decoded; who waits for it gets an error. Under the lock.
void softva_worker_drop(struct softva_context *context);
// Under the lock; returns with it held when the worker is gone.
void softva_worker_stop(struct softva_context *context);

// Controls, counters and waits of one call. `status` VA_STATUS_SUCCESS: do it. False: the call hung
// until its display was terminated, which is gone; `waiter`, a worker's context, ends a hang too.
bool softva_enter(
    struct softva_driver *driver, enum softva_call call, const struct softva_context *waiter,
    VAStatus *status);

#endif
