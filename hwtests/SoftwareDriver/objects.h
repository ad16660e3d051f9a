// The objects behind VA's ids, and the display that owns them.

#ifndef SOFTVA_OBJECTS_H
#define SOFTVA_OBJECTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <va/va_backend.h>

#include "log.h"
#include "picture.h"

// A growable table from ids to objects. An id says its kind and how often its slot was used, so
// an id of a destroyed object is told from one that never was.
struct softva_table {
  enum softva_kind kind;
  struct softva_slot {
    void *object;
    uint32_t generation;
    uint32_t next_free;
  } *slots;
  size_t capacity;
  uint32_t first_free, last_free;  // a queue: the slot freed first is used again first
  size_t live, peak;
};

// Pixels: a memfd, mapped. Shared by a surface, the images derived from it and pending pictures.
struct softva_memory {
  atomic_uint references;
  int descriptor;  // -1: plain memory
  uint8_t *data;
  size_t size;
};

struct softva_layout {
  uint32_t fourcc;  // VA_FOURCC_NV12 or VA_FOURCC_P010
  uint32_t width, height;
  uint32_t offsets[2], strides[2];
  size_t size;
};

struct softva_config {
  VAConfigID id;
  const struct softva_profile *profile;
};

struct softva_surface {
  VASurfaceID id;
  atomic_uint references;  // the table's and those of pending pictures
  struct softva_layout layout;
  struct softva_memory *memory;
  unsigned pending;  // pictures between vaEndPicture and their last pixel
  bool unsynced;     // a picture was submitted, and nobody has waited for it
  bool exported_unsynced;
  bool exported;     // others may write to it at any time
  unsigned derived;  // live images that share its memory
  VAStatus status;   // of the picture decoded last
  VAContextID context;  // SOFTVA_BINDS: that it is bound to; 0: none yet
  uint64_t decoder;  // the inner decoder that filled it last; 0: none
  bool hashed;
  uint64_t hash;     // of its pixels when the picture was complete
};

struct softva_buffer {
  VABufferID id;
  atomic_uint references;  // the table's, and those of a picture that is being submitted
  VABufferType type;
  size_t element_size, element_count;
  uint8_t *data;                 // own memory, or inside `memory`
  struct softva_memory *memory;  // of a derived image
  VASurfaceID surface;           // that the image was derived from, or VA_INVALID_SURFACE
  bool of_image;
  unsigned mapped;
};

struct softva_image {
  VAImageID id;
  VABufferID buffer;
  VASurfaceID surface;  // that it was derived from, or VA_INVALID_SURFACE
  struct softva_layout layout;
};

struct softva_driver {
  unsigned binds;           // SOFTVA_BINDS when the display was opened
  pthread_mutex_t lock;     // everything below but the atomics
  pthread_cond_t changed;   // a picture is complete, or the display is being terminated
  struct softva_table tables[SOFTVA_KIND_COUNT];
  struct softva_log log;
  struct softva_inner *parked;  // inner decoders whose context is gone and whose frames are not
  atomic_ulong pictures;
  atomic_int lost_status;       // not VA_STATUS_SUCCESS: every call gives it
  atomic_bool terminating;
  atomic_uint waiting;          // calls that vaTerminate has to let go first
};

struct softva_driver *softva_driver_create(void);
// Frees the objects that are left; their number is reported as misuse.
void softva_driver_destroy(struct softva_driver *driver);

// Adds `object`; returns its id, or VA_INVALID_ID when memory is out.
VAGenericID softva_add(struct softva_driver *driver, enum softva_kind kind, void *object);
// The object, or NULL with misuse reported in the name of `call`.
void *softva_find(
    struct softva_driver *driver, enum softva_kind kind, VAGenericID id, const char *call);
// Takes it out of the table; to be freed by the caller.
void softva_remove(struct softva_driver *driver, enum softva_kind kind, VAGenericID id);

struct softva_memory *softva_memory_create(size_t size, bool shareable);
// Maps memory that somebody else made; duplicates the descriptor.
struct softva_memory *softva_memory_map(int descriptor, size_t size);
void softva_memory_retain(struct softva_memory *memory);
void softva_memory_release(struct softva_memory *memory);

void softva_surface_retain(struct softva_surface *surface);
void softva_surface_release(struct softva_surface *surface);
void softva_buffer_retain(struct softva_buffer *buffer);
void softva_buffer_release(struct softva_buffer *buffer);

#define softva_report(driver, ...) softva_misuse(&(driver)->log, __VA_ARGS__)

#endif
