// The seam between the driver (objects, threads, controls) and the codecs: what a VA client
// submitted for one picture, and the functions that turn it back into a packet.
//
// A VA driver is given parsed headers and the slices' bytes. To decode them with libavcodec's
// software decoders the headers that libva left out have to be written again. Each codec does
// this in a file of its own, without threads, libva calls or libavcodec contexts, so that it can
// be read, tested and fuzzed alone.

#ifndef SOFTVA_PICTURE_H
#define SOFTVA_PICTURE_H

#include <libavcodec/codec_id.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>

// One VASliceParameterBuffer element and the bytes that it describes: exactly `slice_data_size`
// bytes from `slice_data_offset`. Both are borrowed and valid during `assemble` only.
struct softva_slice {
  const void *parameters;
  size_t parameters_size;
  const uint8_t *data;
  size_t size;
};

// All that was rendered between vaBeginPicture and vaEndPicture. A buffer that was not sent is
// NULL with size 0. Everything is borrowed.
struct softva_picture {
  VAProfile profile;
  int width;   // of the VAContext
  int height;
  VASurfaceID target;
  const void *parameters;  // VAPictureParameterBuffer…
  size_t parameters_size;
  const void *iq_matrix;  // VAIQMatrixBuffer…
  size_t iq_matrix_size;
  const void *probabilities;  // VAProbabilityDataBufferVP8
  size_t probabilities_size;
  const void *huffman_tables;  // VAHuffmanTableBufferJPEGBaseline
  size_t huffman_tables_size;
  const struct softva_slice *slices;
  size_t slice_count;
};

// A growing run of bytes. `softva_bytes_append` returns false when memory is out, and the bytes
// are then as they were.
struct softva_bytes {
  uint8_t *data;
  size_t size;
  size_t capacity;
};
bool softva_bytes_append(struct softva_bytes *bytes, const void *data, size_t size);
void softva_bytes_free(struct softva_bytes *bytes);

// Which of the pictures that the inner decoder asked memory for during one packet is the picture;
// or the last one that it gave out (a decoder that does not ask libavcodec for memory).
enum softva_capture { SOFTVA_CAPTURE_FIRST, SOFTVA_CAPTURE_LAST, SOFTVA_CAPTURE_OUTPUT };

struct softva_codec {
  const char *name;  // as in SOFTVA_CODECS: "h264", "hevc", "vp9", "vp8", "mpeg2", "mjpeg", "av1"
  enum AVCodecID id;
  enum softva_capture capture;
  // What `assemble` remembers between the pictures of one VAContext (parameter sets written
  // last, for example); zeroed memory of this size is a fresh one. It may own nothing else.
  size_t state_size;
  // Appends the packet for `picture` to `packet`. Returns VA_STATUS_SUCCESS, or the status that
  // vaEndPicture should give; sizes of all buffers are checked here, never trusted.
  VAStatus (*assemble)(
      void *state, const struct softva_picture *picture, struct softva_bytes *packet);
  // The surface that gets the pixels, if it is not `target` (film grain: `target` is then only
  // referred to). May be NULL.
  VASurfaceID (*output)(const struct softva_picture *picture);
  // The surfaces that `picture` refers to, at most `capacity`; returns how many were written. The
  // target itself is not among them where `picture` is the second field of a frame; otherwise a
  // picture that goes to one of its references is reported as the client's mistake.
  size_t (*references)(
      const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity);
  // Whether the client started over before `picture` (a seek): the inner decoder is then flushed,
  // because the references that it still holds are none of the client's. NULL: never. Called
  // before `assemble`, which writes parameter sets again after it has said yes.
  bool (*restarts)(void *state, const struct softva_picture *picture);
  // Whether `picture` is the second field of the frame that was captured before, so that nothing
  // the inner decoder asks memory for now is it. NULL: it asks for none then.
  bool (*is_second_field)(const struct softva_picture *picture);
};

extern const struct softva_codec softva_h264;
extern const struct softva_codec softva_hevc;
extern const struct softva_codec softva_vp9;
extern const struct softva_codec softva_vp8;
extern const struct softva_codec softva_mpeg2;
extern const struct softva_codec softva_mjpeg;
extern const struct softva_codec softva_av1;

#endif
