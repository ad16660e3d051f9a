// Every call that reaches the driver, by the name under which the controls and the log know it.
// `decode` is no call: it is the worker that decodes one picture after vaEndPicture.

#ifndef SOFTVA_CALLS_H
#define SOFTVA_CALLS_H

// The entries of libva's table that the driver fills.
#define SOFTVA_TABLE(X)        \
  X(vaTerminate)               \
  X(vaQueryConfigProfiles)     \
  X(vaQueryConfigEntrypoints)  \
  X(vaGetConfigAttributes)     \
  X(vaCreateConfig)            \
  X(vaDestroyConfig)           \
  X(vaQueryConfigAttributes)   \
  X(vaQuerySurfaceAttributes)  \
  X(vaCreateSurfaces)          \
  X(vaDestroySurfaces)         \
  X(vaCreateContext)           \
  X(vaDestroyContext)          \
  X(vaCreateBuffer)            \
  X(vaBufferSetNumElements)    \
  X(vaMapBuffer)               \
  X(vaUnmapBuffer)             \
  X(vaDestroyBuffer)           \
  X(vaBufferInfo)              \
  X(vaBeginPicture)            \
  X(vaRenderPicture)           \
  X(vaEndPicture)              \
  X(vaSyncSurface)             \
  X(vaSyncSurface2)            \
  X(vaQuerySurfaceStatus)      \
  X(vaQuerySurfaceError)       \
  X(vaQueryImageFormats)       \
  X(vaCreateImage)             \
  X(vaDeriveImage)             \
  X(vaDestroyImage)            \
  X(vaGetImage)                \
  X(vaPutImage)                \
  X(vaExportSurfaceHandle)     \
  X(vaQueryDisplayAttributes)  \
  X(vaGetDisplayAttributes)    \
  X(vaSetDisplayAttributes)    \
  X(vaPutSurface)              \
  X(vaSetImagePalette)         \
  X(vaQuerySubpictureFormats)  \
  X(vaCreateSubpicture)        \
  X(vaDestroySubpicture)       \
  X(vaSetSubpictureImage)      \
  X(vaSetSubpictureChromakey)  \
  X(vaSetSubpictureGlobalAlpha) \
  X(vaAssociateSubpicture)     \
  X(vaDeassociateSubpicture)

#define SOFTVA_CALLS(X) \
  X(vaInitialize)       \
  SOFTVA_TABLE(X)       \
  X(decode)

enum softva_call {
#define SOFTVA_CALL_ENUM(name) SOFTVA_##name,
  SOFTVA_CALLS(SOFTVA_CALL_ENUM)
#undef SOFTVA_CALL_ENUM
  SOFTVA_CALL_COUNT
};

const char *softva_call_name(enum softva_call call);

#endif
