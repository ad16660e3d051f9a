#pragma once
#include <linux/dma-buf.h>
#include <stdint.h>
#include <xf86drm.h>

// DMA_BUF_IOCTL_SYNC and its flags are macros that Swift cannot import (_IOW, expressions with casts).
static const uint64_t VABUF_DMA_BUF_SYNC_START = DMA_BUF_SYNC_START;
static const uint64_t VABUF_DMA_BUF_SYNC_END = DMA_BUF_SYNC_END;

// Tells the kernel that the host begins or ends to read a dma-buf. 0, or -1 with errno set.
static inline int vabuf_dma_buf_sync_read(int descriptor, uint64_t flag) {
  struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_READ | flag};
  return drmIoctl(descriptor, DMA_BUF_IOCTL_SYNC, &sync);
}
