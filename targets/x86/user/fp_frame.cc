#include "targets/x86/user/fp_frame.h"

#include <stddef.h>
#include <string.h>

#include "linux-user/guest_copy.h"
#include "targets/x86/core/cpuid.h"

namespace xarch::x86 {

namespace {

// Offsets in FXSAVE's image, and behind it.
constexpr unsigned kFxMxcsr = offsetof(FxImage, mxcsr), kFxXmm = sizeof(FxImage);
constexpr unsigned kSoftware = 464;  // what the kernel writes into bytes that are the software's
constexpr unsigned kFxBytes = 512;
constexpr unsigned kXstateBv = 512, kYmmh = 576, kXsaveBytes = 576, kXsaveAvxBytes = 832;

constexpr uint32_t kMagic1 = 0x46505853, kMagic2 = 0x46505845;  // FP_XSTATE_MAGIC1, FP_XSTATE_MAGIC2
constexpr uint64_t kX87 = 1, kSse = 2, kAvx = 4;

// struct _fpx_sw_bytes.
struct Software {
  uint32_t magic1, extended_bytes;
  uint64_t components;
  uint32_t state_bytes;
  uint32_t padding[7];
};
static_assert(sizeof(Software) == kFxBytes - kSoftware);

// struct fregs_state and the two halves behind it: FSAVE's image, the status word again, and which kind
// follows.
constexpr unsigned kFsaveBytes = 112, kFsaveStatus = 108, kFsaveMagic = 110;
constexpr uint16_t kOnlyFsave = 0xffff;

bool has_fxsr(const Model& m) { return m.features.has(Feature::kFxsr); }

unsigned image_bytes(const Model& m) {
  const uint64_t components = xcr0(m);
  if (components == 0) return has_fxsr(m) ? kFxBytes : 0;
  return components & kAvx ? kXsaveAvxBytes : kXsaveBytes;
}

template <typename T>
void put(uint8_t* to, T v) {
  memcpy(to, &v, sizeof v);
}
template <typename T>
T get(const uint8_t* from) {
  T v;
  memcpy(&v, from, sizeof v);
  return v;
}

void put_fxsave(const X86State& s, uint8_t* out, bool frame32) {
  FxImage x87;
  s.get_fx(&x87, !frame32);
  x87.mxcsr = s.mxcsr();
  x87.mxcsr_mask = kMxcsrBits;
  put(out, x87);
  for (unsigned i = 0; i < 16; ++i) memcpy(out + kFxXmm + 16 * i, &s.xmm0 + i, 16);
}

void take_x87(X86State& s, const uint8_t* in) { s.set_fx(get<FxImage>(in), true); }

void take_xmm(X86State& s, const uint8_t* in) {
  for (unsigned i = 0; i < 16; ++i) memcpy(&s.xmm0 + i, in + kFxXmm + 16 * i, 16);
}

void clear_ymmh(X86State& s) { memset(&s.ymmh0, 0, 16 * sizeof s.ymmh0); }

void reset_fp(X86State& s) {
  s.reset_x87();
  memset(&s.xmm0, 0, 16 * sizeof s.xmm0);
  clear_ymmh(s);
  s.set_mxcsr(kMxcsrReset);
}

bool read(const X86State& s, uint64_t from, void* to, size_t bytes) {
  const void* const host = reinterpret_cast<const void*>(s.hdr.guest_base + from);
  return xarch_guarded_copy(to, host, bytes) == 0;
}

// Which components the image has, by the kernel's marks.
uint64_t components_of(const X86State& s, const Model& m, uint64_t from, const uint8_t* image) {
  const auto marks = get<Software>(image + kSoftware);
  if (xcr0(m) == 0 || marks.magic1 != kMagic1) return 0;
  if (marks.state_bytes < kXsaveBytes || marks.state_bytes > image_bytes(m) ||
      marks.extended_bytes != marks.state_bytes + sizeof kMagic2)
    return 0;
  uint32_t magic2 = 0;
  if (!read(s, from + marks.state_bytes, &magic2, sizeof magic2) || magic2 != kMagic2) return 0;
  return marks.components & xcr0(m);
}

// From FXSAVE's or XSAVE's image.
bool restore_image(X86State& s, const Model& m, uint64_t from) {
  const unsigned bytes = image_bytes(m);
  uint8_t image[kXsaveAvxBytes];
  if (bytes == 0 || !read(s, from, image, kFxBytes)) return false;
  const auto mxcsr = get<uint32_t>(image + kFxMxcsr);
  if (mxcsr & ~uint32_t{kMxcsrBits}) return false;
  const uint64_t wanted = components_of(s, m, from, image);
  if (wanted == 0) {
    take_x87(s, image);
    take_xmm(s, image);
    s.set_mxcsr(mxcsr);
    clear_ymmh(s);
    return true;
  }
  if (!read(s, from, image, get<Software>(image + kSoftware).state_bytes)) return false;
  // What the image says is in its initial state is not in it.
  const uint64_t present = get<uint64_t>(image + kXstateBv) & wanted;
  reset_fp(s);
  if (present & kX87) take_x87(s, image);
  if (present & kSse) take_xmm(s, image);
  if (present & (kSse | kAvx)) s.set_mxcsr(mxcsr);
  if (present & kAvx) memcpy(&s.ymmh0, image + kYmmh, 16 * sizeof s.ymmh0);
  return true;
}

}  // namespace

uint64_t fp_frame_bytes(const Model& m, bool frame32) {
  const unsigned image = image_bytes(m);
  return (frame32 ? kFsaveBytes : 0) + image + (image > kFxBytes ? sizeof kMagic2 : 0);
}

uint64_t align_fp_frame(const Model& m, uint64_t at, bool frame32) {
  const uint64_t before = frame32 && image_bytes(m) != 0 ? kFsaveBytes : 0;
  return ((at + before) & ~uint64_t{63}) - before;
}

uint32_t fp_frame_flags(const Model& m) { return xcr0(m) != 0 ? 1 : 0; }

void build_fp_frame(X86State& s, const Model& m, uint8_t* out, bool frame32) {
  const unsigned bytes = image_bytes(m);
  memset(out, 0, fp_frame_bytes(m, frame32));
  if (frame32) {
    X87Image image;
    s.get_x87(&image);
    memcpy(out, &image, kFsaveStatus);
    put(out + kFsaveStatus, s.x87_status());
    put(out + kFsaveMagic, static_cast<uint16_t>(bytes == 0 ? kOnlyFsave : 0));
    out += kFsaveBytes;
  }
  if (bytes != 0) put_fxsave(s, out, frame32);
  if (bytes > kFxBytes) {
    const uint64_t components = xcr0(m);
    put(out + kXstateBv, components);
    if (components & kAvx) memcpy(out + kYmmh, &s.ymmh0, 16 * sizeof s.ymmh0);
    put(out + kSoftware,
        Software{kMagic1, static_cast<uint32_t>(bytes + sizeof kMagic2), components, bytes, {}});
    put(out + bytes, kMagic2);
  }
  reset_fp(s);
}

bool restore_fp_frame(X86State& s, const Model& m, uint64_t from, bool frame32) {
  if (from == 0) {
    reset_fp(s);
    return true;
  }
  const unsigned bytes = image_bytes(m);
  if (frame32) {
    uint8_t fsave[kFsaveBytes];
    if (!read(s, from, fsave, sizeof fsave)) return false;
    // What it has of x87 counts, whatever the other image says.
    const bool good = bytes == 0 || restore_image(s, m, from + kFsaveBytes);
    if (good) s.set_x87(get<X87Image>(fsave));
    return good;
  }
  return restore_image(s, m, from);
}

}  // namespace xarch::x86
