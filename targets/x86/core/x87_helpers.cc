#include "targets/x86/core/x87_helpers.h"

#include <cstring>

#include "targets/x86/core/state.h"

// xarch_x86_on_host(image, operand, entry, flags): executes one of the instructions below on the state of the
// image, with the arithmetic flags given; returns those after it. Leaves the host's unit in its initial
// state. xarch_x86_on_unit(under, top, entry, first, second, conditions): executes one on the registers ST(1)
// (null: it has none) and ST(0), with the control word that is there; stores ST(0) to first and the one
// below, if there is one, to second. conditions: C3, C2 and C0 before it, made by numbers of eight kinds; 8:
// any will do. Returns the status word before the stores. xarch_x86_entries: each instruction of two bytes D8
// C0 to DF FF, then D8 06 to DF 3E with memory at rsi; four bytes each.
asm(R"(
  .text
  .globl xarch_x86_on_host, xarch_x86_entries
  .hidden xarch_x86_on_host, xarch_x86_entries
  .p2align 4
xarch_x86_on_host:
  frstor (%rdi)
  pushq %rcx
  popfq
  call *%rdx
  pushfq
  popq %rax
  fnsave (%rdi)
  ret
  .p2align 4
  .globl xarch_x86_on_unit
  .hidden xarch_x86_on_unit
xarch_x86_on_unit:
  cmpl $5, %r9d
  je 2f
  cmpl $7, %r9d
  ja 3f
  leaq 8f(%rip), %rax
  movl %r9d, %r10d
  shlq $4, %r10
  cmpl $7, %r9d
  fldt (%rax, %r10)
  je 1f
  fxam
  fstp %st(0)
  jmp 3f
1:
  fucomp %st(0)
  jmp 3f
2:
  fxam
3:
  testq %rdi, %rdi
  jz 4f
  fldt (%rdi)
4:
  fldt (%rsi)
  call *%rdx
  fnstsw %ax
  fstpt (%rcx)
  testq %r8, %r8
  jz 5f
  fstpt (%r8)
5:
  ret
  .p2align 4
8:
  .quad 0, 1
  .quad 0xc000000000000000, 0x7fff
  .quad 0x8000000000000000, 0x3fff
  .quad 0x8000000000000000, 0x7fff
  .quad 0, 0
  .quad 0, 0
  .quad 1, 0
  .quad 0xc000000000000000, 0x7fff
  .p2align 4
xarch_x86_entries:
  .set op, 0
  .rept 512
  .byte 0xd8 + op / 64, 0xc0 + op % 64
  ret
  nop
  .set op, op + 1
  .endr
  .set op, 0
  .rept 64
  .byte 0xd8 + op / 8, op % 8 * 8 + 6
  ret
  nop
  .set op, op + 1
  .endr
)");
extern "C" [[gnu::visibility("hidden")]] uint64_t xarch_x86_on_host(xarch::x86::X87Image* image,
                                                                    void* operand, const void* entry,
                                                                    uint64_t flags);
extern "C" [[gnu::visibility("hidden")]] uint16_t xarch_x86_on_unit(
    const xarch::x86::state_types::F80* under, const xarch::x86::state_types::F80* top, const void* entry,
    xarch::x86::state_types::F80* first, xarch::x86::state_types::F80* second, unsigned conditions);
extern "C" [[gnu::visibility("hidden")]] const uint8_t xarch_x86_entries[];

namespace xarch::x86 {

namespace {

// While it exists the host's unit may be used. Emitted code's control word is there again afterwards
// (f80.control tells it of a new one); the flags that emitted code has raised are the guest's.
class HostUnit {
 public:
  explicit HostUnit(X86State* s) {
    uint16_t status;
    asm volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control_), "=m"(status));
    s->x87_flags = static_cast<uint16_t>(s->x87_flags | (status & kX87Exceptions));
    if (status & kX87Exceptions) asm volatile("fnclex");
  }
  ~HostUnit() { asm volatile("fldcw %0" ::"m"(control_)); }
  HostUnit(const HostUnit&) = delete;
  HostUnit& operator=(const HostUnit&) = delete;

 private:
  uint16_t control_;
};

const void* entry_of(unsigned opcode, unsigned modrm) {
  const unsigned group = opcode & 7;
  const unsigned n = modrm >= 0xc0 ? group * 64 + (modrm & 63) : 512 + group * 8 + (modrm >> 3 & 7);
  return xarch_x86_entries + 4 * n;
}

bool execute(X86State* s, X87Image* image, uint64_t what, uint64_t* operand) {
  uint64_t flags = s->rflags() & kEflagsArithmetic;
  const auto opcode = static_cast<unsigned>(what & 0xff), modrm = static_cast<unsigned>(what >> 8 & 0xff);
  flags = xarch_x86_on_host(image, operand, entry_of(opcode, modrm), flags | kEflagsFixed);
  s->flags = static_cast<uint16_t>((flags & kEflagsArithmetic & 0xff) << 8 | (flags & kEflagsO ? 1 : 0));
  return modrm < 0xc0;
}

void note_instruction(X86State* s, uint64_t what, uint64_t pc) {
  s->x87_ip = pc;
  s->x87_op = (what & 7) << 8 | (what >> 8 & 0xff);
  if ((what >> 8 & 0xff) < 0xc0) s->x87_dp = s->x87_address;
}

uint64_t run(void* state, uint64_t what, uint64_t low, uint64_t high, uint64_t pc) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  uint64_t operand[2] = {low, high};
  X87Image image;
  s->get_x87(&image);
  const uint16_t flags = s->flags;
  if (what >> 16 == 0) {
    execute(s, &image, what, operand);
    s->set_x87(image);
    note_instruction(s, what, pc);
    return 0;
  }
  // It stores unless what it would overwrite is there still, whatever that was.
  X87Image again = image;
  operand[0] = operand[1] = 0;
  execute(s, &image, what, operand);
  bool stores = (operand[0] | operand[1]) != 0;
  if (!stores) {
    uint64_t other[2] = {~uint64_t{0}, ~uint64_t{0}};
    execute(s, &again, what, other);
    stores = other[0] != ~uint64_t{0};
  }
  s->flags = flags;
  s->x87_store = stores;
  s->x87_data = operand[0];
  s->x87_data_high = operand[1];
  s->x87_next = image;
  return 0;
}

// A store's second half: memory has been written.
uint64_t commit(void* state, uint64_t what, uint64_t, uint64_t, uint64_t pc) {
  auto* s = static_cast<X86State*>(state);
  s->set_x87(s->x87_next);
  note_instruction(s, what, pc);
  return 0;
}

uint64_t status(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  return s->x87_status();
}

uint64_t clear(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  s->x87_flags = 0;
  return 0;
}

uint64_t init(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  s->reset_x87();
  return 0;
}

uint64_t load_control(void* state, uint64_t a, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  s->x87_control = static_cast<uint16_t>((a & 0x1f3f) | 0x40);
  return 0;
}

constexpr unsigned kWords = 7;  // of an image before the registers

uint64_t save(void* state, uint64_t narrow, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  X87Image image;
  s->get_x87(&image);
  auto* to = reinterpret_cast<uint8_t*>(s->fp_image);
  if (!narrow) {
    std::memcpy(to, &image, sizeof image);
    return 0;
  }
  const uint32_t words[kWords] = {image.control, image.status, image.tags, image.ip, 0, image.dp, 0};
  for (unsigned n = 0; n < kWords; ++n) std::memcpy(to + 2 * n, &words[n], 2);
  std::memcpy(to + 2 * kWords, image.st, sizeof image.st);
  return 0;
}

uint64_t restore(void* state, uint64_t narrow, uint64_t registers, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  X87Image image;
  s->get_x87(&image);
  const auto* from = reinterpret_cast<const uint8_t*>(s->fp_image);
  uint32_t words[kWords] = {};
  const unsigned size = narrow ? 2 : 4;
  for (unsigned n = 0; n < kWords; ++n) std::memcpy(&words[n], from + size * n, size);
  // Without new ones the registers stay where they are, whatever becomes of the top.
  state_types::F80 old[8];
  for (unsigned n = 0; n < 8; ++n) old[n] = s->fpr(n);
  image.control = words[0];
  image.status = words[1];
  image.tags = words[2];
  if (registers) std::memcpy(image.st, from + size * kWords, sizeof image.st);
  s->set_x87(image);
  for (unsigned n = 0; n < 8 && !registers; ++n) s->fpr(n) = old[n];
  s->x87_ip = words[3];
  s->x87_op = narrow ? 0 : words[4] >> 16 & 0x7ff;
  s->x87_dp = words[5];
  return 0;
}

uint64_t fx_save(void* state, uint64_t wide, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  s->get_fx(reinterpret_cast<FxImage*>(s->fp_image), wide != 0);
  return 0;
}

uint64_t fx_restore(void* state, uint64_t wide, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const HostUnit unit(s);
  s->set_fx(*reinterpret_cast<const FxImage*>(s->fp_image), wide != 0);
  return 0;
}

constexpr ir::SlotId kX87Slots[] = {
    kSlotFpr0,     kSlotFpr1,    kSlotFpr2,        kSlotFpr3,       kSlotFpr4,       kSlotFpr5,
    kSlotFpr6,     kSlotFpr7,    kSlotX87C1,       kSlotX87Cc,      kSlotX87Control, kSlotX87Ip,
    kSlotX87Dp,    kSlotX87Op,   kSlotX87Where,    kSlotX87Address, kSlotFpImage,    kSlotX87Flags,
    kSlotX87Store, kSlotX87Data, kSlotX87DataHigh, kSlotFlags};
// The flags come last: most read and write them not.
constexpr std::span<const ir::SlotId> kWithFlags = kX87Slots;
constexpr std::span<const ir::SlotId> kWithoutFlags = kWithFlags.first(std::size(kX87Slots) - 1);
// X87Flags, X87Store and so on.
constexpr std::span<const ir::SlotId> kOnTheWay = kWithFlags.subspan(17, 4);
constexpr ir::SlotId kFlagSlots[] = {kSlotX87Flags};
constexpr ir::SlotId kImageSlots[] = {kSlotX87Flags, kSlotFpImage};
constexpr uint32_t kEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;

uint64_t run_plain(void* state, uint64_t what, uint64_t low, uint64_t high, uint64_t pc) {
  auto* s = static_cast<X86State*>(state);
  const uint16_t flags = s->flags;
  run(state, what, low, high, pc);
  s->flags = flags;
  return 0;
}

constexpr uint16_t kOtherConditions = kX87Conditions & ~kX87C1;

// Does an instruction of D9 write conditions other than C1, in part or depending on its operands?
bool writes_conditions(unsigned modrm) {
  return modrm == 0xe5 || modrm == 0xf5 || modrm == 0xf8 || modrm == 0xfe || modrm == 0xff;
}

// Emitted code has left the unit with the guest's control word, its stack empty, and the guest's flags.
uint64_t on_unit(void* state, uint64_t what, uint64_t top, uint64_t shape, uint64_t pc) {
  auto* s = static_cast<X86State*>(state);
  if (s->hdr.fp_away != 0) return run_plain(state, what, 0, 0, pc);  // it is not emitted code that calls
  const auto modrm = static_cast<unsigned>(what >> 8 & 0xff);
  const auto n = static_cast<unsigned>(top);
  const bool two = (shape & kX87TwoOperands) != 0;
  state_types::F80* first = &s->fpr(n);
  state_types::F80* second = two ? &s->fpr(n + 1) : nullptr;
  const state_types::F80* const under = second;
  if (shape & kX87Pops) first = second, second = nullptr;
  if (shape & kX87Pushes) second = first, first = &s->fpr(n - 1);
  const bool conditions = writes_conditions(modrm);
  const unsigned before = (s->x87_cc >> 12 & 4) | (s->x87_cc >> 9 & 2) | (s->x87_cc >> 8 & 1);
  const uint16_t status = xarch_x86_on_unit(under, &s->fpr(n), entry_of(0xd9, modrm), first, second,
                                            conditions && modrm != 0xe5 ? before : 8);
  if (conditions) s->x87_cc = status & kOtherConditions;
  s->x87_c1 = status & kX87C1;
  note_instruction(s, what, pc);
  return 0;
}

constexpr ir::SlotId kUnitReads[] = {kSlotFpr0,     kSlotFpr1,     kSlotFpr2,      kSlotFpr3,  kSlotFpr4,
                                     kSlotFpr5,     kSlotFpr6,     kSlotFpr7,      kSlotX87Cc, kSlotX87Dp,
                                     kSlotX87Where, kSlotX87Flags, kSlotX87Control};

}  // namespace

const ir::HelperDesc kX87OnUnit = {"x87.on_unit", on_unit, kEffects, kUnitReads, kWithoutFlags};
const ir::HelperDesc kX87Run = {"x87.run", run_plain, kEffects, kWithoutFlags, kWithoutFlags};
const ir::HelperDesc kX87RunFlags = {"x87.run_flags", run, kEffects, kWithFlags, kWithFlags};
const ir::HelperDesc kX87Prepare = {"x87.prepare", run, kEffects, kWithoutFlags, kOnTheWay};
const ir::HelperDesc kX87Commit = {"x87.commit", commit, kEffects, kWithoutFlags, kWithoutFlags};
const ir::HelperDesc kX87Status = {"x87.status", status, kEffects, kWithoutFlags, kFlagSlots};
const ir::HelperDesc kX87Clear = {"x87.clear", clear, kEffects, kWithoutFlags, kWithoutFlags};
const ir::HelperDesc kX87Init = {"x87.init", init, kEffects, kWithoutFlags, kWithoutFlags};
const ir::HelperDesc kX87LoadControl = {"x87.load_control", load_control, kEffects, kWithoutFlags,
                                        kWithoutFlags};
const ir::HelperDesc kX87Save = {"x87.save", save, kEffects, kWithoutFlags, kImageSlots};
const ir::HelperDesc kX87Restore = {"x87.restore", restore, kEffects, kWithoutFlags, kWithoutFlags};
const ir::HelperDesc kX87FxSave = {"x87.fx_save", fx_save, kEffects, kWithoutFlags, kImageSlots};
const ir::HelperDesc kX87FxRestore = {"x87.fx_restore", fx_restore, kEffects, kWithoutFlags, kWithoutFlags};

}  // namespace xarch::x86
