// What the driver can decode.

#include <string.h>

#include "controls.h"
#include "decode.h"

// A codec whose file is not built in is not advertised.
extern const struct softva_codec softva_av1;
#pragma weak softva_h264
#pragma weak softva_hevc
#pragma weak softva_vp9
#pragma weak softva_vp8
#pragma weak softva_mpeg2
#pragma weak softva_mjpeg
#pragma weak softva_av1

static const struct softva_profile all[] = {
    {VAProfileMPEG2Simple, &softva_mpeg2, false, 4096, 4096},
    {VAProfileMPEG2Main, &softva_mpeg2, false, 4096, 4096},
    {VAProfileH264ConstrainedBaseline, &softva_h264, false, 8192, 8192},
    {VAProfileH264Main, &softva_h264, false, 8192, 8192},
    {VAProfileH264High, &softva_h264, false, 8192, 8192},
    {VAProfileVP8Version0_3, &softva_vp8, false, 8192, 8192},
    {VAProfileJPEGBaseline, &softva_mjpeg, false, 16384, 16384},
    {VAProfileHEVCMain, &softva_hevc, false, 8192, 8192},
    {VAProfileHEVCMain10, &softva_hevc, true, 8192, 8192},
    {VAProfileVP9Profile0, &softva_vp9, false, 8192, 8192},
    {VAProfileVP9Profile2, &softva_vp9, true, 8192, 8192},
    {VAProfileAV1Profile0, &softva_av1, true, 8192, 8192},
};

static bool advertised(const struct softva_profile *profile) {
  if (profile->codec == NULL || !softva_controls_advertises(profile->codec->name)) return false;
  const AVCodec *decoder = avcodec_find_decoder(profile->codec->id);
  // libavcodec's own AV1 decoder only drives devices.
  return decoder != NULL &&
         (profile->codec->id != AV_CODEC_ID_AV1 || strcmp(decoder->name, "av1") != 0);
}

size_t softva_profiles(const struct softva_profile **found, size_t capacity) {
  size_t count = 0;
  for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
    if (!advertised(&all[index])) continue;
    if (found != NULL && count < capacity) found[count] = &all[index];
    count++;
  }
  return count;
}

const struct softva_profile *softva_profile_find(VAProfile profile) {
  for (size_t index = 0; index < sizeof all / sizeof *all; index++)
    if (all[index].profile == profile && advertised(&all[index])) return &all[index];
  return NULL;
}
