#include "tests/mips/random_code.h"

#include <string_view>

#include "targets/mips/core/decode.h"

namespace xarch::mips {

namespace {

// Registers with a purpose: four pointers into the data page, a jump target, and those that the harness
// needs.
constexpr unsigned kPointers = 16;  // 16..19
constexpr unsigned kJumpTarget = 20;
bool reserved_register(unsigned n) { return (n >= kPointers && n <= kJumpTarget) || n == 26 || n == 27; }

constexpr int32_t kPointerOffset[4] = {128, 0, -0x7000, 0x7ff0};

class Generator {
 public:
  Generator(unsigned index, std::mt19937_64& rng) : index_(index), rng_(rng) {}

  Record make(unsigned first_row) {
    for (unsigned& r : record_.regs) r = interesting();
    record_.regs[0] = 0;
    record_.hi = interesting();
    record_.lo = interesting();
    for (unsigned& m : record_.mem) m = static_cast<uint32_t>(rng_());
    for (unsigned i = 0; i < 4; ++i) {
      record_.regs[kPointers + i] = kData + static_cast<uint32_t>(kPointerOffset[i]);
    }
    unsigned length = 1 + below(12);
    end_ = length + 1;  // a nop, for a branch that comes last
    for (unsigned i = 0; i < length; ++i) {
      record_.code[i] = instruction(i, i == 0 ? first_row : pick_row());
    }
    record_.code[end_] = 2u << 26 | (kStub & 0x0fffffff) >> 2;
    record_.regs[kJumpTarget] = code_address(index_, end_);
    return record_;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(rng_() % n); }

  uint32_t interesting() {
    switch (below(6)) {
      case 0: return below(16) - 8;
      case 1: return 1u << below(32);
      case 2: return (1u << below(32)) - 1;
      case 3: return 0x80000000 + below(3) - 1;
      default: return static_cast<uint32_t>(rng_());
    }
  }

  unsigned pick_row() {
    for (;;) {
      unsigned row = below(static_cast<unsigned>(rows().size()));
      if (!row_usable(row) || ((rows()[row].flags & kBranch) != 0 && after_branch_)) continue;
      // Most of those that split only raise: few of them, so that the code gets somewhere.
      bool raises = (rows()[row].flags & (kSplits | kStores)) == kSplits;
      if (!raises || below(16) == 0) return row;
    }
  }

  unsigned pick_register() {
    unsigned n;
    do n = below(32);
    while (reserved_register(n));
    return n;
  }

  // A word of the row that may stand at `position`.
  uint32_t instruction(unsigned position, unsigned row_index) {
    const Row& row = rows()[row_index];
    bool memory = (row.flags & (kLoads | kStores)) != 0 || row.text == "pref" || row.text == "synci";
    uint32_t w = row.pattern.value;
    unsigned low = below(32);
    uint32_t t = pick_register();
    for (unsigned i = 0; i < row.pattern.num_fields; ++i) {
      const Parsed::Field& f = row.pattern.fields[i];
      uint32_t v = static_cast<uint32_t>(rng_()) & ((1u << f.bits) - 1);
      switch (f.letter) {
        case 's': v = pick_register(); break;
        case 't': v = t; break;
        case 'd': v = row.text == "clz" || row.text == "clo" ? t : pick_register(); break;
        case 'l': v = low; break;
        case 'm': v = row.text == "ext" ? below(32 - low) : low + below(32 - low); break;
        case 'j': v = (code_address(index_, target(position)) & 0x0fffffff) >> 2; break;
        default: break;
      }
      w |= v << f.lsb;
    }
    if (memory) w = with_address(w, row);
    if (row.text == "rdhwr" && (w >> 11 & 31) <= 3) w |= 29u << 11;  // those are the processor's own
    after_branch_ = (row.flags & kBranch) != 0;
    if (after_branch_) w = with_target(w, row, position);
    return w;
  }

  // Where a branch at `position` may lead to: upwards.
  unsigned target(unsigned position) { return position + 2 + below(end_ - position - 1); }

  uint32_t with_target(uint32_t w, const Row& row, unsigned position) {
    bool indirect = row.text.starts_with("j") && row.text != "j" && row.text != "jal";
    if (indirect) {
      w = (w & ~(31u << 21)) | kJumpTarget << 21;
    } else if (row.text.find("al") != std::string_view::npos && (w >> 21 & 31) == 31) {
      w &= ~(31u << 21);  // a branch that links must not look at $31
    }
    bool has_offset = row.pattern.fields[row.pattern.num_fields - 1].letter == 'i';
    if (has_offset) w = (w & ~0xffffu) | ((target(position) - position - 1) & 0xffff);
    return w;
  }

  uint32_t with_address(uint32_t w, const Row& row) {
    std::string_view n = row.text;
    unsigned align = n == "lh" || n == "lhu" || n == "sh"               ? 2
                     : n == "lw" || n == "sw" || n == "ll" || n == "sc" ? 4
                                                                        : 1;
    unsigned pointer = below(4);
    uint32_t to = below(kMemWords * 4) / align * align;
    if (below(40) == 0) to += 0x1000;  // off the page
    uint32_t imm = to - static_cast<uint32_t>(kPointerOffset[pointer]);
    if (static_cast<int32_t>(imm) > 32767) imm -= 0x1000;
    return (w & ~(31u << 21) & ~0xffffu) | (kPointers + pointer) << 21 | (imm & 0xffff);
  }

  unsigned index_;
  std::mt19937_64& rng_;
  Record record_ = {};
  unsigned end_ = 0;
  bool after_branch_ = false;
};

}  // namespace

bool row_usable(unsigned row) {
  std::string_view n = rows()[row].text;
  return n != "syscall" && n != "sdbbp";  // the oracle gives up at the latter
}

Record random_record(unsigned index, unsigned first_row, std::mt19937_64& rng) {
  return Generator(index, rng).make(first_row);
}

}  // namespace xarch::mips
