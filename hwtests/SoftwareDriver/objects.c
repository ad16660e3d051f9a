// Tables and reference counts.

#include "objects.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"

// kind (4 bits, from 1), generation (8 bits), slot (20 bits)
#define SLOT_BITS 20u
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define NO_SLOT UINT32_MAX

static uint32_t id_of(enum softva_kind kind, uint32_t generation, uint32_t slot) {
  return ((uint32_t)kind + 1) << 28 | (generation & 0xff) << SLOT_BITS | slot;
}

VAGenericID softva_add(struct softva_driver *driver, enum softva_kind kind, void *object) {
  struct softva_table *table = &driver->tables[kind];
  if (table->first_free == NO_SLOT) {
    size_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;
    if (capacity > SLOT_MASK + 1u) return VA_INVALID_ID;
    struct softva_slot *slots = realloc(table->slots, capacity * sizeof *slots);
    if (slots == NULL) return VA_INVALID_ID;
    for (size_t index = table->capacity; index < capacity; index++)
      slots[index] = (struct softva_slot){
          .next_free = index + 1 < capacity ? (uint32_t)index + 1 : NO_SLOT};
    table->first_free = (uint32_t)table->capacity;
    table->last_free = (uint32_t)capacity - 1;
    table->slots = slots;
    table->capacity = capacity;
  }
  uint32_t index = table->first_free;
  struct softva_slot *slot = &table->slots[index];
  table->first_free = slot->next_free;
  if (table->first_free == NO_SLOT) table->last_free = NO_SLOT;
  slot->object = object;
  slot->generation++;
  table->live++;
  if (table->live > table->peak) table->peak = table->live;
  return id_of(kind, slot->generation, index);
}

void *softva_find(
    struct softva_driver *driver, enum softva_kind kind, VAGenericID id, const char *call) {
  struct softva_table *table = &driver->tables[kind];
  uint32_t index = id & SLOT_MASK;
  if (index < table->capacity && id >> 28 == (uint32_t)kind + 1) {
    struct softva_slot *slot = &table->slots[index];
    if (slot->object != NULL && id == id_of(kind, slot->generation, index)) return slot->object;
    if (slot->generation > 0) {
      softva_report(
          driver, "%s: %#x of the %s was destroyed", call, id, softva_kind_name(kind));
      return NULL;
    }
  }
  softva_report(driver, "%s: %#x is not one of the %s", call, id, softva_kind_name(kind));
  return NULL;
}

void softva_remove(struct softva_driver *driver, enum softva_kind kind, VAGenericID id) {
  struct softva_table *table = &driver->tables[kind];
  uint32_t index = id & SLOT_MASK;
  table->slots[index].object = NULL;
  table->slots[index].next_free = NO_SLOT;
  if (table->last_free == NO_SLOT)
    table->first_free = index;
  else
    table->slots[table->last_free].next_free = index;
  table->last_free = index;
  table->live--;
}

// Takes over the descriptor, also when it fails.
static struct softva_memory *map(int descriptor, size_t size) {
  if (descriptor < 0) return NULL;
  struct softva_memory *memory = calloc(1, sizeof *memory);
  void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory != NULL && data != MAP_FAILED) {
    *memory = (struct softva_memory){
        .references = 1, .descriptor = descriptor, .data = data, .size = size};
    return memory;
  }
  if (data != MAP_FAILED) munmap(data, size);
  free(memory);
  close(descriptor);
  return NULL;
}

struct softva_memory *softva_memory_map(int descriptor, size_t size) {
  return map(fcntl(descriptor, F_DUPFD_CLOEXEC, 0), size);
}

struct softva_memory *softva_memory_create(size_t size, bool shareable) {
  if (shareable) {
    int descriptor = memfd_create("softva-surface", MFD_CLOEXEC);
    if (descriptor >= 0 && ftruncate(descriptor, (off_t)size) != 0) {
      close(descriptor);
      return NULL;
    }
    return map(descriptor, size);
  }
  struct softva_memory *memory = calloc(1, sizeof *memory);
  uint8_t *data = calloc(1, size);
  if (memory == NULL || data == NULL) {
    free(memory);
    free(data);
    return NULL;
  }
  *memory = (struct softva_memory){.references = 1, .descriptor = -1, .data = data, .size = size};
  return memory;
}

void softva_memory_retain(struct softva_memory *memory) { atomic_fetch_add(&memory->references, 1); }

void softva_memory_release(struct softva_memory *memory) {
  if (memory == NULL || atomic_fetch_sub(&memory->references, 1) > 1) return;
  if (memory->descriptor >= 0) {
    munmap(memory->data, memory->size);
    close(memory->descriptor);
  } else {
    free(memory->data);
  }
  free(memory);
}

void softva_surface_retain(struct softva_surface *surface) {
  atomic_fetch_add(&surface->references, 1);
}

void softva_surface_release(struct softva_surface *surface) {
  if (atomic_fetch_sub(&surface->references, 1) > 1) return;
  softva_memory_release(surface->memory);
  free(surface);
}

void softva_buffer_retain(struct softva_buffer *buffer) { atomic_fetch_add(&buffer->references, 1); }

void softva_buffer_release(struct softva_buffer *buffer) {
  if (atomic_fetch_sub(&buffer->references, 1) > 1) return;
  if (buffer->memory != NULL)
    softva_memory_release(buffer->memory);
  else
    free(buffer->data);
  free(buffer);
}

struct softva_driver *softva_driver_create(void) {
  struct softva_driver *driver = calloc(1, sizeof *driver);
  if (driver == NULL) return NULL;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&driver->lock, NULL);
  pthread_cond_init(&driver->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  for (int kind = 0; kind < SOFTVA_KIND_COUNT; kind++) {
    driver->tables[kind].kind = (enum softva_kind)kind;
    driver->tables[kind].first_free = driver->tables[kind].last_free = NO_SLOT;
  }
  return driver;
}

static void free_object(struct softva_driver *driver, enum softva_kind kind, void *object) {
  switch (kind) {
    case SOFTVA_CONTEXTS: softva_context_destroy(driver, object); break;
    case SOFTVA_SURFACES: softva_surface_release(object); break;
    case SOFTVA_BUFFERS: softva_buffer_release(object); break;
    default: free(object);
  }
}

void softva_driver_destroy(struct softva_driver *driver) {
  size_t live[SOFTVA_KIND_COUNT], peak[SOFTVA_KIND_COUNT];
  for (int kind = 0; kind < SOFTVA_KIND_COUNT; kind++) {
    live[kind] = driver->tables[kind].live;
    peak[kind] = driver->tables[kind].peak;
    if (live[kind] > 0)
      softva_report(
          driver, "vaTerminate: %zu of the %s were not destroyed", live[kind],
          softva_kind_name((enum softva_kind)kind));
  }
  // Contexts first: their workers still write to surfaces.
  static const enum softva_kind order[SOFTVA_KIND_COUNT] = {
      SOFTVA_CONTEXTS, SOFTVA_CONFIGS, SOFTVA_IMAGES, SOFTVA_BUFFERS, SOFTVA_SURFACES};
  for (int position = 0; position < SOFTVA_KIND_COUNT; position++) {
    struct softva_table *table = &driver->tables[order[position]];
    for (size_t index = 0; index < table->capacity; index++) {
      void *object = table->slots[index].object;
      table->slots[index].object = NULL;
      if (object != NULL) free_object(driver, order[position], object);
    }
    free(table->slots);
  }
  softva_inner_free_parked(driver);
  softva_log_write(&driver->log, live, peak);
  softva_log_free(&driver->log);
  pthread_cond_destroy(&driver->changed);
  pthread_mutex_destroy(&driver->lock);
  free(driver);
}
