// Writing NAL units (H.264, HEVC): a start code, then payload bytes with emulation prevention.
// Payload may come from memory that has no emulation prevention (a header just written) or from a
// NAL unit that already has it (a slice as the client submitted it).

#ifndef SOFTVA_NAL_H
#define SOFTVA_NAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "picture.h"

struct softva_nal {
  struct softva_bytes *packet;
  unsigned zeros;  // how many zero bytes were written last: 0, 1 or 2
  bool failed;     // memory was out; what was written is then not to be used
};

// Begins a NAL unit at the end of `packet`.
struct softva_nal softva_nal_begin(struct softva_bytes *packet);

// Writes payload bytes, with emulation prevention added where it is needed.
void softva_nal_put(struct softva_nal *nal, const uint8_t *data, size_t size);

// Writes the payload of the NAL unit at `data` without its first `skip` bytes (counted with
// emulation prevention removed). Returns false when it has no byte after these.
bool softva_nal_put_unit(struct softva_nal *nal, const uint8_t *data, size_t size, size_t skip);

// Ends the NAL unit. Returns false when memory was out at any point.
bool softva_nal_end(struct softva_nal *nal);

#endif
