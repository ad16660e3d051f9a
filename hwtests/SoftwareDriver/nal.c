// Writing NAL units (H.264, HEVC): see nal.h. Bytes are appended in runs between the places where
// an emulation prevention byte has to be added or left out.

#include "nal.h"

static void append(struct softva_nal *nal, const uint8_t *data, size_t size) {
  if (size > 0 && !nal->failed && !softva_bytes_append(nal->packet, data, size)) nal->failed = true;
}

struct softva_nal softva_nal_begin(struct softva_bytes *packet) {
  static const uint8_t start_code[4] = {0, 0, 0, 1};
  struct softva_nal nal = {.packet = packet};
  append(&nal, start_code, sizeof start_code);
  return nal;
}

void softva_nal_put(struct softva_nal *nal, const uint8_t *data, size_t size) {
  static const uint8_t prevention = 3;
  size_t run = 0;  // where the bytes not yet appended begin
  for (size_t i = 0; i < size; i++) {
    if (nal->zeros == 2 && data[i] <= 3) {
      append(nal, data + run, i - run);
      append(nal, &prevention, 1);
      run = i;
      nal->zeros = 0;
    }
    nal->zeros = data[i] == 0 ? nal->zeros + 1 : 0;
  }
  append(nal, data + run, size - run);
}

bool softva_nal_put_unit(struct softva_nal *nal, const uint8_t *data, size_t size, size_t skip) {
  size_t run = 0;    // where the bytes not yet written begin
  size_t count = 0;  // payload bytes before `i`
  unsigned zeros = 0;
  while (size > 0 && data[size - 1] == 0) size--;  // they belong to the next start code
  for (size_t i = 0; i < size; i++) {
    if (zeros == 2 && data[i] == 3) {  // an emulation prevention byte
      if (count > skip) softva_nal_put(nal, data + run, i - run);
      run = i + 1;
      zeros = 0;
      continue;
    }
    if (count++ == skip) run = i;
    zeros = data[i] != 0 ? 0 : zeros < 2 ? zeros + 1 : 2;
  }
  if (count > skip) softva_nal_put(nal, data + run, size - run);
  return count > skip;
}

bool softva_nal_end(struct softva_nal *nal) {
  // A NAL unit must not end in a zero byte (cabac_zero_words are written as 00 00 03).
  static const uint8_t prevention = 3;
  if (nal->zeros > 0) append(nal, &prevention, 1);
  return !nal->failed;
}
