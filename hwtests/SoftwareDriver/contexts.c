// Contexts, and the pictures that clients submit to them.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controls.h"
#include "decode.h"
#include "entries.h"

#define MAX_REFERENCES 64

VAStatus softva_create_context(
    softva_driver *driver, VAConfigID config_id, int width, int height, int flag,
    VASurfaceID *targets, int target_count, VAContextID *id) {
  (void)flag;
  *id = VA_INVALID_ID;
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  const struct softva_config *config =
      softva_find(driver, SOFTVA_CONFIGS, config_id, "vaCreateContext");
  const struct softva_profile *profile = config != NULL ? config->profile : NULL;
  if (profile == NULL)
    status = VA_STATUS_ERROR_INVALID_CONFIG;
  else if (width <= 0 || height <= 0 || (unsigned)width > profile->max_width ||
           (unsigned)height > profile->max_height)
    status = VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
  for (int index = 0; index < target_count && status == VA_STATUS_SUCCESS; index++)
    if (softva_find(driver, SOFTVA_SURFACES, targets[index], "vaCreateContext") == NULL)
      status = VA_STATUS_ERROR_INVALID_SURFACE;

  size_t capacity = target_count > 0 ? (size_t)target_count : driver->tables[SOFTVA_SURFACES].live;
  if (capacity > driver->binds) capacity = driver->binds;
  if (status == VA_STATUS_SUCCESS && driver->binds > 0 && capacity == 0)
    status = VA_STATUS_ERROR_ALLOCATION_FAILED;

  struct softva_context *context = NULL;
  if (status == VA_STATUS_SUCCESS) {
    context = calloc(1, sizeof *context);
    if (context == NULL) status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  if (context != NULL) {
    context->driver = driver;
    context->profile = profile;
    context->width = width;
    context->height = height;
    context->capacity = capacity;
    pthread_cond_init(&context->work, NULL);
    context->id = softva_add(driver, SOFTVA_CONTEXTS, context);
    *id = context->id;
    if (*id == VA_INVALID_ID) {
      pthread_cond_destroy(&context->work);
      free(context);
      status = VA_STATUS_ERROR_ALLOCATION_FAILED;
    }
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

static void finish_picture(struct softva_context *context) {
  for (size_t index = 0; index < context->rendered_count; index++)
    softva_buffer_release(context->rendered[index]);
  context->rendered_count = 0;
  context->in_picture = false;
  context->spoiled = false;
}

void softva_context_destroy(struct softva_driver *driver, struct softva_context *context) {
  pthread_mutex_lock(&driver->lock);
  if (driver->binds > 0) softva_worker_drop(context);
  softva_worker_stop(context);
  finish_picture(context);
  struct softva_inner *inner = context->inner;
  bool carries_over = inner != NULL && (inner->codec->id == AV_CODEC_ID_VP9 ||
                                        inner->codec->id == AV_CODEC_ID_AV1);
  if (carries_over) softva_inner_park(driver, inner);
  pthread_mutex_unlock(&driver->lock);
  if (!carries_over) softva_inner_destroy(inner);
  pthread_cond_destroy(&context->work);
  free(context->rendered);
  free(context);
}

VAStatus softva_destroy_context(softva_driver *driver, VAContextID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context =
      softva_find(driver, SOFTVA_CONTEXTS, id, "vaDestroyContext");
  if (context != NULL) {
    if (context->in_picture && !context->spoiled)
      softva_report(
          driver, "vaDestroyContext: a picture was begun in %#x and not ended", id);
    softva_remove(driver, SOFTVA_CONTEXTS, id);
  }
  pthread_mutex_unlock(&driver->lock);
  if (context == NULL) return VA_STATUS_ERROR_INVALID_CONTEXT;
  softva_context_destroy(driver, context);
  return VA_STATUS_SUCCESS;
}

// SOFTVA_BINDS: a surface stands for one of the context's pictures from its first use on.
static VAStatus bind(
    softva_driver *driver, struct softva_context *context, struct softva_surface *surface) {
  if (driver->binds == 0 || surface->context == context->id) return VA_STATUS_SUCCESS;
  if (surface->context != 0)
    softva_report(
        driver, "vaBeginPicture: surface %#x is bound to context %#x, not to %#x", surface->id,
        surface->context, context->id);
  if (context->bound == context->capacity) return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
  context->bound++;
  surface->context = context->id;
  return VA_STATUS_SUCCESS;
}

VAStatus softva_begin_picture(softva_driver *driver, VAContextID id, VASurfaceID target) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context = softva_find(driver, SOFTVA_CONTEXTS, id, "vaBeginPicture");
  struct softva_surface *surface =
      context != NULL ? softva_find(driver, SOFTVA_SURFACES, target, "vaBeginPicture") : NULL;
  if (context == NULL)
    status = VA_STATUS_ERROR_INVALID_CONTEXT;
  else if (surface == NULL)
    status = VA_STATUS_ERROR_INVALID_SURFACE;
  else
    status = bind(driver, context, surface);
  if (status != VA_STATUS_SUCCESS) {
    // Said, by a report or by the status; the rest of the picture follows from it.
    if (context != NULL) context->spoiled = true;
  } else {
    if (context->in_picture && !context->spoiled)
      softva_report(
          driver, "vaBeginPicture: the picture before was not ended in context %#x", id);
    finish_picture(context);
    context->in_picture = true;
    context->target = target;
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

static bool keep(struct softva_context *context, struct softva_buffer *buffer) {
  if (context->rendered_count == context->rendered_capacity) {
    size_t capacity = context->rendered_capacity == 0 ? 64 : context->rendered_capacity * 2;
    struct softva_buffer **rendered =
        realloc(context->rendered, capacity * sizeof(struct softva_buffer *));
    if (rendered == NULL) return false;
    context->rendered = rendered;
    context->rendered_capacity = capacity;
  }
  softva_buffer_retain(buffer);
  context->rendered[context->rendered_count++] = buffer;
  return true;
}

VAStatus softva_render_picture(
    softva_driver *driver, VAContextID id, VABufferID *buffers, int count) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context = softva_find(driver, SOFTVA_CONTEXTS, id, "vaRenderPicture");
  if (context == NULL) {
    status = VA_STATUS_ERROR_INVALID_CONTEXT;
  } else if (!context->in_picture) {
    if (!context->spoiled)
      softva_report(driver, "vaRenderPicture: no picture was begun in context %#x", id);
    status = VA_STATUS_ERROR_OPERATION_FAILED;
  }
  for (int index = 0; index < count && status == VA_STATUS_SUCCESS; index++) {
    struct softva_buffer *buffer =
        softva_find(driver, SOFTVA_BUFFERS, buffers[index], "vaRenderPicture");
    if (buffer == NULL || buffer->of_image)
      status = VA_STATUS_ERROR_INVALID_BUFFER;
    else if (!keep(context, buffer))
      status = VA_STATUS_ERROR_ALLOCATION_FAILED;
    else if (buffer->mapped > 0)
      softva_report(driver, "vaRenderPicture: buffer %#x is mapped", buffers[index]);
  }
  if (status != VA_STATUS_SUCCESS && context != NULL) context->spoiled = true;
  pthread_mutex_unlock(&driver->lock);
  return status;
}

void softva_context_spoil(struct softva_driver *driver, VAContextID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context = softva_find(driver, SOFTVA_CONTEXTS, id, "vaRenderPicture");
  if (context != NULL) context->spoiled = true;
  pthread_mutex_unlock(&driver->lock);
}

void softva_context_abandon(struct softva_driver *driver, VAContextID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context = softva_find(driver, SOFTVA_CONTEXTS, id, "vaEndPicture");
  if (context != NULL) finish_picture(context);
  pthread_mutex_unlock(&driver->lock);
}

// Pairs the slice parameters with the data that follows them. `slices` has room for all.
static VAStatus gather_slices(
    const struct softva_context *context, struct softva_slice *slices, size_t *count) {
  size_t waiting = 0;  // the first slice that has no data yet
  *count = 0;
  for (size_t index = 0; index < context->rendered_count; index++) {
    const struct softva_buffer *buffer = context->rendered[index];
    if (buffer->type == VASliceParameterBufferType) {
      if (buffer->element_size < sizeof(VASliceParameterBufferBase))
        return VA_STATUS_ERROR_INVALID_PARAMETER;
      for (size_t element = 0; element < buffer->element_count; element++)
        slices[(*count)++] = (struct softva_slice){
            .parameters = buffer->data + element * buffer->element_size,
            .parameters_size = buffer->element_size};
    } else if (buffer->type == VASliceDataBufferType) {
      size_t available = buffer->element_size * buffer->element_count;
      for (; waiting < *count; waiting++) {
        VASliceParameterBufferBase base;
        memcpy(&base, slices[waiting].parameters, sizeof base);
        if (base.slice_data_offset > available ||
            base.slice_data_size > available - base.slice_data_offset)
          return VA_STATUS_ERROR_INVALID_PARAMETER;
        slices[waiting].data = buffer->data + base.slice_data_offset;
        slices[waiting].size = base.slice_data_size;
      }
    }
  }
  return waiting == *count && *count > 0 ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_PARAMETER;
}

static size_t slice_capacity(const struct softva_context *context) {
  size_t count = 0;
  for (size_t index = 0; index < context->rendered_count; index++)
    if (context->rendered[index]->type == VASliceParameterBufferType)
      count += context->rendered[index]->element_count;
  return count;
}

static void gather_parameters(
    const struct softva_context *context, struct softva_picture *picture) {
  *picture = (struct softva_picture){
      .profile = context->profile->profile,
      .width = context->width,
      .height = context->height,
      .target = context->target};
  for (size_t index = 0; index < context->rendered_count; index++) {
    const struct softva_buffer *buffer = context->rendered[index];
    switch (buffer->type) {
      case VAPictureParameterBufferType:
        picture->parameters = buffer->data;
        picture->parameters_size = buffer->element_size;
        break;
      case VAIQMatrixBufferType:
        picture->iq_matrix = buffer->data;
        picture->iq_matrix_size = buffer->element_size;
        break;
      case VAProbabilityBufferType:
        picture->probabilities = buffer->data;
        picture->probabilities_size = buffer->element_size;
        break;
      case VAHuffmanTableBufferType:
        picture->huffman_tables = buffer->data;
        picture->huffman_tables_size = buffer->element_size;
        break;
      default: break;
    }
  }
}

// The surfaces that the picture refers to. Under the lock.
static VAStatus add_references(
    softva_driver *driver, const struct softva_context *context,
    const struct softva_picture *picture, struct softva_job *job) {
  VASurfaceID ids[MAX_REFERENCES];
  size_t count = context->profile->codec->references(picture, ids, MAX_REFERENCES);
  job->references = calloc(count + 1, sizeof(struct softva_surface *));
  if (job->references == NULL) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  for (size_t index = 0; index < count; index++) {
    if (ids[index] == VA_INVALID_SURFACE) continue;
    struct softva_surface *surface =
        softva_find(driver, SOFTVA_SURFACES, ids[index], "vaEndPicture: a reference");
    if (surface == NULL) return VA_STATUS_ERROR_INVALID_SURFACE;
    if (ids[index] == picture->target) {
      driver->log.overwritten_references++;
      softva_report(
          driver, "vaEndPicture: the picture goes to surface %#x, which is its reference",
          ids[index]);
    }
    softva_surface_retain(surface);
    job->references[job->reference_count++] = surface;
  }
  return VA_STATUS_SUCCESS;
}

// The decoder that holds the references: the one in use, the one of a context that is gone, or,
// where there are none, a new one. Under the lock.
static struct softva_inner *choose_inner(
    softva_driver *driver, struct softva_context *context, const struct softva_job *job) {
  for (size_t index = job->reference_count; context->inner == NULL && index-- > 0;)
    context->inner = softva_inner_adopt(
        driver, context->profile->codec, job->references[index]->decoder);
  if (context->inner == NULL) context->inner = softva_inner_create(context->profile->codec);
  return context->inner;
}

static VAStatus submit(softva_driver *driver, struct softva_context *context) {
  const struct softva_codec *codec = context->profile->codec;
  struct softva_picture picture;
  gather_parameters(context, &picture);
  struct softva_surface *target =
      softva_find(driver, SOFTVA_SURFACES, context->target, "vaEndPicture");
  if (target == NULL) return VA_STATUS_ERROR_INVALID_SURFACE;
  struct softva_surface *output = target;
  VASurfaceID output_id = codec->output != NULL ? codec->output(&picture) : context->target;
  if (output_id != context->target)
    output = softva_find(driver, SOFTVA_SURFACES, output_id, "vaEndPicture: the display picture");
  if (output == NULL) return VA_STATUS_ERROR_INVALID_SURFACE;
  struct softva_slice *slices = calloc(slice_capacity(context) + 1, sizeof *slices);
  struct softva_job *job = calloc(1, sizeof *job);
  VAStatus status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  if (slices == NULL || job == NULL) goto done;

  status = gather_slices(context, slices, &picture.slice_count);
  if (status != VA_STATUS_SUCCESS) goto done;
  picture.slices = slices;
  status = add_references(driver, context, &picture, job);
  if (status != VA_STATUS_SUCCESS) goto done;
  job->inner = choose_inner(driver, context, job);
  if (job->inner == NULL) {
    status = VA_STATUS_ERROR_ALLOCATION_FAILED;
    goto done;
  }
  if (codec->restarts != NULL && codec->restarts(job->inner->state, &picture))
    context->restart = true;
  job->restart = context->restart;
  job->second_field = codec->is_second_field != NULL && codec->is_second_field(&picture);
  status = codec->assemble(job->inner->state, &picture, &job->packet);
  static const uint8_t padding[AV_INPUT_BUFFER_PADDING_SIZE];
  if (status == VA_STATUS_SUCCESS) {
    if (softva_bytes_append(&job->packet, padding, sizeof padding))
      job->packet.size -= sizeof padding;
    else
      status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  if (status == VA_STATUS_SUCCESS) {
    job->target = output;
    softva_surface_retain(output);
    if (!softva_worker_submit(context, job)) status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  if (status != VA_STATUS_SUCCESS) {
    // What the codec believes the decoder to have, the decoder never got.
    memset(job->inner->state, 0, codec->state_size);
    goto done;
  }
  job->corrupt = softva_controls_corrupt_next();
  job = NULL;
  context->restart = false;
  softva_retarget(driver, output);
  output->decoder = context->inner->serial;
  if (target != output) {
    target->decoder = context->inner->serial;
    target->hashed = false;
  }
  atomic_fetch_add(&driver->pictures, 1);

done:
  if (job != NULL) softva_job_free(job);
  free(slices);
  return status;
}

VAStatus softva_end_picture(softva_driver *driver, VAContextID id) {
  VAStatus status;
  pthread_mutex_lock(&driver->lock);
  struct softva_context *context = softva_find(driver, SOFTVA_CONTEXTS, id, "vaEndPicture");
  if (context == NULL) {
    status = VA_STATUS_ERROR_INVALID_CONTEXT;
  } else if (!context->in_picture || context->spoiled) {
    if (!context->spoiled)
      softva_report(driver, "vaEndPicture: no picture was begun in context %#x", id);
    status = VA_STATUS_ERROR_OPERATION_FAILED;
  } else {
    status = submit(driver, context);
  }
  if (context != NULL) finish_picture(context);
  pthread_mutex_unlock(&driver->lock);
  return status;
}
