// One thread a context: decodes the pictures in order, after vaEndPicture returned.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "pixels.h"

// With SOFTVA_BINDS: nvidia-vaapi-driver keeps what was submitted in a ring of so many, which seems
// empty when it is full. The picture that is being decoded counts here, though not there.
#define BOUND_QUEUE 16

void softva_job_free(struct softva_job *job) {
  for (size_t index = 0; index < job->reference_count; index++)
    softva_surface_release(job->references[index]);
  if (job->target != NULL) softva_surface_release(job->target);
  softva_bytes_free(&job->packet);
  free(job->references);
  free(job);
}

// A reference must still hold what was decoded into it: the decoder here would not notice, a real
// one would use what lies there.
static void check_references(struct softva_driver *driver, const struct softva_job *job) {
  for (size_t index = 0; index < job->reference_count; index++) {
    struct softva_surface *surface = job->references[index];
    pthread_mutex_lock(&driver->lock);
    bool check = surface->hashed && surface->pending == 0;
    uint64_t expected = surface->hash;
    pthread_mutex_unlock(&driver->lock);
    if (!check || softva_hash(surface->memory->data, &surface->layout) == expected) continue;
    pthread_mutex_lock(&driver->lock);
    surface->hashed = false;  // said once
    driver->log.overwritten_references++;
    softva_report(
        driver, "surface %#x was written to while it is a reference of the picture in %#x",
        surface->id, job->target->id);
    pthread_mutex_unlock(&driver->lock);
  }
}

static VAStatus decode(struct softva_context *context, struct softva_job *job) {
  struct softva_driver *driver = context->driver;
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_decode, context, &status))
    return VA_STATUS_ERROR_OPERATION_FAILED;
  check_references(driver, job);
  struct softva_inner *inner = job->inner;
  if (job->restart) {
    avcodec_flush_buffers(inner->decoder);
    av_frame_unref(inner->captured);
  }
  inner->second_field = job->second_field;
  AVFrame *frame = softva_inner_decode(inner, job->packet.data, job->packet.size);
  if (status != VA_STATUS_SUCCESS) {
    // On purpose: the surface keeps what it had, and what refers to the picture goes wrong, as it
    // would on a device.
    if (frame != NULL) softva_spoil_frame(frame);
    return status;
  }
  if (frame == NULL) return VA_STATUS_ERROR_DECODING_ERROR;
  struct softva_surface *target = job->target;
  if (!softva_copy_frame(target->memory->data, &target->layout, frame))
    return VA_STATUS_ERROR_DECODING_ERROR;
  inner->corrupt = inner->corrupt || job->corrupt;
  if (inner->corrupt) softva_corrupt(target->memory->data, &target->layout);
  return VA_STATUS_SUCCESS;
}

static void complete(struct softva_driver *driver, struct softva_job *job, VAStatus status) {
  struct softva_surface *target = job->target;
  pthread_mutex_lock(&driver->lock);
  bool hash = target->exported || target->derived > 0;
  pthread_mutex_unlock(&driver->lock);
  uint64_t value = hash ? softva_hash(target->memory->data, &target->layout) : 0;
  pthread_mutex_lock(&driver->lock);
  target->hashed = hash;
  target->hash = value;
  target->status = status;
  target->pending--;
  pthread_cond_broadcast(&driver->changed);
  pthread_mutex_unlock(&driver->lock);
}

static void *work(void *argument) {
  struct softva_context *context = argument;
  struct softva_driver *driver = context->driver;
  pthread_mutex_lock(&driver->lock);
  for (;;) {
    while (context->first_job == NULL && !context->stopping)
      pthread_cond_wait(&context->work, &driver->lock);
    struct softva_job *job = context->first_job;
    if (job == NULL) break;
    context->first_job = job->next;
    if (context->first_job == NULL) context->last_job = NULL;
    pthread_mutex_unlock(&driver->lock);

    complete(driver, job, decode(context, job));
    softva_job_free(job);
    pthread_mutex_lock(&driver->lock);
    context->open_jobs--;
  }
  pthread_mutex_unlock(&driver->lock);
  return NULL;
}

bool softva_worker_submit(struct softva_context *context, struct softva_job *job) {
  if (!context->has_thread) {
    if (pthread_create(&context->thread, NULL, work, context) != 0) return false;
    context->has_thread = true;
  }
  job->next = NULL;
  if (context->last_job != NULL)
    context->last_job->next = job;
  else
    context->first_job = job;
  context->last_job = job;
  context->open_jobs++;
  if (context->driver->binds > 0 && context->open_jobs == BOUND_QUEUE)
    softva_report(
        context->driver, "vaEndPicture: %d pictures wait in context %#x: they are lost",
        BOUND_QUEUE, context->id);
  pthread_cond_signal(&context->work);
  return true;
}

void softva_worker_drop(struct softva_context *context) {
  while (context->first_job != NULL) {
    struct softva_job *job = context->first_job;
    context->first_job = job->next;
    context->open_jobs--;
    job->target->status = VA_STATUS_ERROR_OPERATION_FAILED;
    job->target->pending--;
    softva_job_free(job);
  }
  context->last_job = NULL;
  pthread_cond_broadcast(&context->driver->changed);
}

void softva_worker_stop(struct softva_context *context) {
  if (!context->has_thread) return;
  context->stopping = true;
  pthread_cond_signal(&context->work);
  pthread_cond_broadcast(&context->driver->changed);
  pthread_mutex_unlock(&context->driver->lock);
  pthread_join(context->thread, NULL);
  pthread_mutex_lock(&context->driver->lock);
  context->has_thread = false;
}
