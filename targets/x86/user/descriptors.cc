#include "targets/x86/user/descriptors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "linux-user/guest_copy.h"
#include "linux-user/thread.h"
#include "targets/x86/core/segments.h"

namespace xarch::x86 {

namespace {

constexpr unsigned kTlsEntries = 3;
constexpr unsigned kLdtEntries = 8192;

// struct user_desc (asm/ldt.h).
struct UserDescriptor {
  uint32_t entry, base, limit, bits;
};
enum UserBits : uint32_t {
  kSeg32 = 1,
  kContentsShift = 1,
  kReadExecOnly = 8,
  kLimitInPages = 16,
  kNotPresent = 32,
  kUseable = 64,
  kKnownBits = 127
};

unsigned contents(const UserDescriptor& d) { return d.bits >> kContentsShift & 3; }

// What clears an entry: what describes nothing.
bool is_empty(const UserDescriptor& d) {
  return d.base == 0 && d.limit == 0 && (d.bits & kKnownBits) == (kReadExecOnly | kNotPresent);
}

// Nothing at all, which clears a thread area but in the LDT is a segment of one byte.
bool is_zero(const UserDescriptor& d) { return d.base == 0 && d.limit == 0 && (d.bits & kKnownBits) == 0; }

uint64_t to_descriptor(const UserDescriptor& d) {
  uint32_t rights = kRightsPlain | kRightsAccessed | kUserLevel << kRightsLevelShift | contents(d) << 2;
  if (!(d.bits & kReadExecOnly)) rights |= kRightsWritable;
  if (!(d.bits & kNotPresent)) rights |= kRightsPresent;
  if (d.bits & kUseable) rights |= 1u << 12;
  if (d.bits & kSeg32) rights |= kRightsBig;
  if (d.bits & kLimitInPages) rights |= kRightsPages;
  return make_descriptor(d.base, d.limit & 0xfffff, rights);
}

UserDescriptor to_user(unsigned entry, uint64_t descriptor) {
  const auto high = static_cast<uint32_t>(descriptor >> 32);
  const uint32_t rights = high >> 8;
  UserDescriptor d = {};
  d.entry = entry;
  d.base = static_cast<uint32_t>(descriptor >> 16 & 0xffffff) | (high & 0xff000000);
  d.limit = static_cast<uint32_t>(descriptor & 0xffff) | (high & 0xf0000);
  d.bits = (rights >> 2 & 3) << kContentsShift;
  if (rights & kRightsBig) d.bits |= kSeg32;
  if (!(rights & kRightsWritable)) d.bits |= kReadExecOnly;
  if (rights & kRightsPages) d.bits |= kLimitInPages;
  if (!(rights & kRightsPresent)) d.bits |= kNotPresent;
  if (rights & 1u << 12) d.bits |= kUseable;
  return d;
}

bool is_tls_entry(uint32_t entry) { return entry >= kFirstTlsEntry && entry < kFirstTlsEntry + kTlsEntries; }

// What threads may have in the GDT: 32-bit data that is there, or nothing.
bool allowed_tls(const UserDescriptor& d) {
  return is_empty(d) || is_zero(d) || ((d.bits & kSeg32) && contents(d) <= 1 && !(d.bits & kNotPresent));
}

int64_t set_entry(X86State& s, const UserDescriptor& d) {
  if (!is_tls_entry(d.entry) || !allowed_tls(d)) return -EINVAL;
  s.gdt[d.entry] = is_empty(d) || is_zero(d) ? 0 : to_descriptor(d);
  reload_segments(s);
  return 0;
}

}  // namespace

int64_t set_thread_area(linux_user::Call& call, X86State& s) {
  UserDescriptor d;
  if (call.thread.get(call.arg(0), &d) != 0) return -EFAULT;
  if (d.entry != UINT32_MAX) return set_entry(s, d);
  for (unsigned i = 0; i < kTlsEntries; ++i) {
    if (s.gdt[kFirstTlsEntry + i] != 0) continue;
    d.entry = kFirstTlsEntry + i;
    if (call.thread.put(call.arg(0), d.entry) != 0) return -EFAULT;
    return set_entry(s, d);
  }
  return -ESRCH;
}

int64_t get_thread_area(linux_user::Call& call, X86State& s) {
  uint32_t entry;
  if (call.thread.get(call.arg(0), &entry) != 0) return -EFAULT;
  if (!is_tls_entry(entry)) return -EINVAL;
  return call.thread.put(call.arg(0), to_user(entry, s.gdt[entry]));
}

bool set_clone_tls(X86State& s, uint64_t tls) {
  UserDescriptor d;
  const void* const from = reinterpret_cast<const void*>(s.hdr.guest_base + static_cast<uint32_t>(tls));
  return xarch_guarded_copy(&d, from, sizeof d) == 0 && set_entry(s, d) == 0;
}

// Pages that nobody has written to cost nothing.
LocalDescriptors::LocalDescriptors()
    : entries_(static_cast<uint64_t*>(calloc(kLdtEntries, sizeof(uint64_t)))) {}
void LocalDescriptors::Free::operator()(uint64_t* p) const { free(p); }

void LocalDescriptors::attach(X86State& s) const {
  s.ldt = entries_.get();
  s.ldt_entries = kLdtEntries;
}

int64_t LocalDescriptors::write(linux_user::Call& call, X86State& s, bool old_mode) {
  UserDescriptor d;
  if (call.arg(2) != sizeof d) return -EINVAL;
  if (call.thread.get(call.arg(1), &d) != 0) return -EFAULT;
  if (d.entry >= kLdtEntries) return -EINVAL;
  if (contents(d) == 3 && (old_mode || !(d.bits & kNotPresent))) return -EINVAL;
  const bool clear = (old_mode && d.base == 0 && d.limit == 0) || is_empty(d);
  uint64_t descriptor = clear ? 0 : to_descriptor(d);
  if (old_mode) descriptor &= ~(uint64_t{1} << 52);
  entries_[d.entry] = descriptor;
  used_ = std::max(used_, d.entry + 1);
  reload_segments(s);
  return 0;
}

int64_t LocalDescriptors::modify(linux_user::Call& call, X86State& s) {
  switch (call.i32(0)) {
    case 0: {
      const size_t bytes = std::min<uint64_t>(call.arg(2), used_ * sizeof(uint64_t));
      return call.thread.copy_out(call.arg(1), entries_.get(), bytes) != 0 ? -EFAULT
                                                                           : static_cast<int64_t>(bytes);
    }
    case 1: return write(call, s, true);
    case 2: {
      // The default table is empty.
      const uint8_t zero[128] = {};
      const size_t bytes = std::min<uint64_t>(call.arg(2), sizeof zero);
      return call.thread.copy_out(call.arg(1), zero, bytes) != 0 ? -EFAULT : static_cast<int64_t>(bytes);
    }
    case 0x11: return write(call, s, false);
    default: return -ENOSYS;
  }
}

}  // namespace xarch::x86
