#include "targets/x86/core/segments.h"

#include <algorithm>

#include "targets/x86/core/raise.h"

namespace xarch::x86 {

namespace {

// asm/segment.h of x86-64: kernel code of 32 bits, kernel code, kernel data, user code of 32 bits, user data,
// user code; the last entry's limit is the processor's number.
constexpr uint64_t kLinuxGdt[16] = {0,
                                    0x00cf9b000000ffff,
                                    0x00af9b000000ffff,
                                    0x00cf93000000ffff,
                                    0x00cffb000000ffff,
                                    0x00cff3000000ffff,
                                    0x00affb000000ffff,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0x0040f50000000000};

unsigned level_of(uint32_t rights) { return rights >> kRightsLevelShift & 3; }

void put(X86State& s, unsigned n, uint16_t selector, const SegmentParts& p) {
  const bool down = (p.rights & (kRightsPlain | kRightsCode | kRightsDown)) == (kRightsPlain | kRightsDown);
  s.selector(n) = selector;
  s.segment_base(n) = p.base;
  s.rights(n) = p.rights;
  s.low(n) = down ? p.limit + 1 : 0;
  s.high(n) = !down ? p.limit : p.rights & kRightsBig ? ~0u : 0xffff;
  // An expand-down segment with the highest limit has nothing in it.
  if (down && p.limit == ~0u) s.low(n) = ~0u, s.high(n) = 0;
}

void put_null(X86State& s, unsigned n, uint16_t selector) {
  s.selector(n) = selector;
  s.segment_base(n) = 0;
  s.rights(n) = 0;
  s.low(n) = 1;
  s.high(n) = 0;
}

void reload_data_segment(X86State& s, unsigned n) {
  if (load_segment(s, n, static_cast<uint16_t>(s.selector(n))).raise != 0) put_null(s, n, 0);
}

void reload_code_segment(X86State& s) {
  uint64_t d;
  const auto cs = static_cast<uint16_t>(s.cs);
  if (find_descriptor(s, cs, &d)) put(s, kCs, cs, descriptor_parts(d));
  update_mode(s);
}

bool is_flat(X86State& s, unsigned n) { return s.segment_base(n) == 0 && s.low(n) == 0 && s.high(n) == ~0u; }

}  // namespace

uint64_t make_descriptor(uint32_t base, uint32_t limit20, uint32_t rights) {
  const uint32_t low = base << 16 | (limit20 & 0xffff);
  const uint32_t high =
      (base & 0xff000000) | (rights & 0xf0ff) << 8 | (limit20 & 0xf0000) | (base >> 16 & 0xff);
  return uint64_t{high} << 32 | low;
}

SegmentParts descriptor_parts(uint64_t d) {
  const auto high = static_cast<uint32_t>(d >> 32);
  SegmentParts p;
  p.base = (high & 0xff000000) | (high & 0xff) << 16 | static_cast<uint32_t>(d) >> 16;
  p.limit = (high & 0xf0000) | static_cast<uint32_t>(d & 0xffff);
  p.rights = high >> 8 & 0xf0ff;
  if (p.rights & kRightsPages) p.limit = p.limit << 12 | 0xfff;
  return p;
}

bool find_descriptor(const X86State& s, uint16_t selector, uint64_t* out) {
  const unsigned index = selector >> 3;
  if (selector & 4) {
    if (s.ldt == nullptr || index >= s.ldt_entries) return false;
    *out = s.ldt[index];
    return true;
  }
  if (index == 0 || index >= std::size(s.gdt)) return false;
  *out = s.gdt[index];
  return true;
}

// Intel SDM, MOV: protected mode exceptions.
SegmentFault load_segment(X86State& s, unsigned n, uint16_t selector) {
  const uint32_t error = selector & ~3u;
  if (error == 0) {
    if (n == kSs) return {kRaiseProtection, 0};
    put_null(s, n, selector);
    update_mode(s);
    return {};
  }
  uint64_t d;
  if (!find_descriptor(s, selector, &d)) return {kRaiseProtection, error};
  const SegmentParts p = descriptor_parts(d);
  const unsigned rpl = selector & 3, level = level_of(p.rights);
  const bool code = (p.rights & kRightsCode) != 0, flag = (p.rights & kRightsWritable) != 0;
  if (!(p.rights & kRightsPlain)) return {kRaiseProtection, error};
  if (n == kSs) {
    if (code || !flag || rpl != kUserLevel || level != kUserLevel) return {kRaiseProtection, error};
    if (!(p.rights & kRightsPresent)) return {kRaiseStack, error};
  } else {
    if (code && !flag) return {kRaiseProtection, error};
    const bool conforming = code && (p.rights & kRightsDown);
    if (!conforming && (rpl > level || kUserLevel > level)) return {kRaiseProtection, error};
    if (!(p.rights & kRightsPresent)) return {kRaiseNotPresent, error};
  }
  put(s, n, selector, p);
  update_mode(s);
  return {};
}

SegmentFault check_code_segment(const X86State& s, uint16_t selector, uint64_t offset, bool returns) {
  const uint32_t error = selector & ~3u;
  uint64_t d;
  if (error == 0) return {kRaiseProtection, 0};
  if (!find_descriptor(s, selector, &d)) return {kRaiseProtection, error};
  const SegmentParts p = descriptor_parts(d);
  const unsigned rpl = selector & 3, level = level_of(p.rights);
  if (returns && rpl != kUserLevel) return {kRaiseProtection, error};
  const uint32_t kind = kRightsPlain | kRightsCode;
  if ((p.rights & kind) != kind) return {kRaiseProtection, error};
  if (p.rights & kRightsDown) {
    if (level > kUserLevel) return {kRaiseProtection, error};
  } else if (level != kUserLevel || rpl > kUserLevel) {
    return {kRaiseProtection, error};
  }
  const bool has_long = s.model != nullptr && s.model->features.has(Feature::kLm);
  const bool is_long = has_long && (p.rights & kRightsLong);
  if (is_long && (p.rights & kRightsBig)) return {kRaiseProtection, error};
  if (!(p.rights & kRightsPresent)) return {kRaiseNotPresent, error};
  const auto as_signed = static_cast<int64_t>(offset);
  if (is_long ? as_signed << 16 >> 16 != as_signed : offset > p.limit) return {kRaiseProtection, 0};
  return {};
}

void enter_code_segment(X86State& s, uint16_t selector, uint64_t offset) {
  uint64_t d;
  if (!find_descriptor(s, selector, &d)) return;
  put(s, kCs, static_cast<uint16_t>((selector & ~3u) | kUserLevel), descriptor_parts(d));
  update_mode(s);
  s.pc = offset;
  if (!(s.mode & kModeCode32)) return;
  s.pc = static_cast<uint32_t>(s.cs_base + offset);
  s.rsp = static_cast<uint32_t>(s.rsp);
}

void reset_segments(X86State& s, bool code32) {
  std::copy(std::begin(kLinuxGdt), std::end(kLinuxGdt), s.gdt);
  s.ldt = nullptr;
  s.ldt_entries = 0;
  // As Linux shows them to a process where the processor keeps them to itself (UMIP).
  s.cr0 = 0x80050033;
  s.gdt_base = 0xfffffffffffe0000;
  s.idt_base = 0xffffffffffff0000;
  s.gdt_limit = s.idt_limit = 0;
  s.ldtr = 0;
  s.tr = 0x40;
  const auto flat = [&](unsigned n, uint16_t selector) {
    put(s, n, selector, descriptor_parts(s.gdt[selector >> 3]));
  };
  flat(kCs, code32 ? kSelectorUser32 : kSelectorUser64);
  flat(kSs, kSelectorUserData);
  for (unsigned n : {kEs, kDs}) {
    if (code32) {
      flat(n, kSelectorUserData);
    } else {
      put_null(s, n, 0);
    }
  }
  put_null(s, kFs, 0);
  put_null(s, kGs, 0);
  update_mode(s);
}

void reload_code_and_stack(X86State& s) {
  reload_data_segment(s, kSs);
  reload_code_segment(s);
}

void reload_segments(X86State& s) {
  s.ldtr = s.ldt != nullptr ? kSelectorLdt : 0;
  for (unsigned n : {kEs, kSs, kDs, kFs, kGs}) {
    // What arch_prctl or an instruction put into a base under a null selector stays.
    if (n >= kFs && (s.selector(n) & ~3u) == 0) continue;
    reload_data_segment(s, n);
  }
  reload_code_segment(s);
}

void update_mode(X86State& s) {
  s.mode = 0;
  const bool has_long = s.model != nullptr && s.model->features.has(Feature::kLm);
  if (has_long && (s.cs_rights & kRightsLong)) return;
  s.mode = kModeCode32;
  if (!(s.cs_rights & kRightsBig)) s.mode |= kModeCode16;
  if (!(s.ss_rights & kRightsBig)) s.mode |= kModeStack16;
  for (unsigned n : {kEs, kCs, kSs, kDs}) {
    if (!is_flat(s, n) || (n != kCs && !is_writable(s.rights(n)))) s.mode |= kModeSegments;
  }
  for (unsigned n : {kFs, kGs}) {
    if (s.low(n) != 0 || s.high(n) != ~0u || !is_writable(s.rights(n)))
      s.mode |= n == kFs ? kModeFs : kModeGs;
  }
}

}  // namespace xarch::x86
