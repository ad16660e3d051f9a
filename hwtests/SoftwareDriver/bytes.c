#include <stdlib.h>
#include <string.h>

#include "picture.h"

bool softva_bytes_append(struct softva_bytes *bytes, const void *data, size_t size) {
  if (size > SIZE_MAX / 2 - bytes->size) return false;
  if (bytes->size + size > bytes->capacity) {
    size_t capacity = bytes->capacity == 0 ? 4096 : bytes->capacity;
    while (capacity < bytes->size + size) capacity *= 2;
    uint8_t *grown = realloc(bytes->data, capacity);
    if (grown == NULL) return false;
    bytes->data = grown;
    bytes->capacity = capacity;
  }
  if (size > 0) memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
  return true;
}

void softva_bytes_free(struct softva_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct softva_bytes){0};
}
