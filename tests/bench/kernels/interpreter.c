// A byte-code interpreter with a switch in a loop: a jump table, unpredictable in place, and a small stack
// machine.
#include "kernel.h"

enum { kPush, kAdd, kSub, kMul, kXor, kShr, kDup, kSwap, kLoad, kStore, kLess, kJumpIf, kJump, kHalt };

// The program: Collatz steps, summed for all starts below the limit in variable 0. Variables: 1 start, 2
// value, 3 steps.
static int32_t code[128];
static int length;

static void emit(int32_t op) { code[length++] = op; }
static void emit2(int32_t op, int32_t operand) { emit(op), emit(operand); }

static void assemble(void) {
  emit2(kPush, 1), emit2(kStore, 1);
  int outer = length;
  emit2(kLoad, 1), emit2(kStore, 2);
  int inner = length;
  emit2(kLoad, 2), emit2(kPush, 2), emit(kLess), emit(kJumpIf);
  int to_next = length;
  emit(0);
  emit2(kLoad, 3), emit2(kPush, 1), emit(kAdd), emit2(kStore, 3);
  // value ^ (value >> 1 << 1) is its lowest bit
  emit2(kLoad, 2), emit(kDup), emit2(kPush, 1), emit(kShr), emit(kDup), emit(kAdd), emit(kXor), emit(kJumpIf);
  int to_odd = length;
  emit(0);
  emit2(kLoad, 2), emit2(kPush, 1), emit(kShr), emit2(kStore, 2), emit2(kJump, inner);
  code[to_odd] = length;
  emit2(kLoad, 2), emit2(kPush, 3), emit(kMul), emit2(kPush, 1), emit(kAdd), emit2(kStore, 2),
      emit2(kJump, inner);
  code[to_next] = length;
  emit2(kLoad, 1), emit2(kPush, 1), emit(kAdd), emit(kDup), emit2(kStore, 1);
  emit2(kLoad, 0), emit(kLess), emit2(kJumpIf, outer), emit(kHalt);
}

static uint64_t run(uint64_t limit) {
  uint64_t stack[32], variables[4] = {limit, 0, 0, 0};
  uint64_t* top = stack;
  const int32_t* pc = code;
  for (;;) {
    switch (*pc++) {
      case kPush: *top++ = (uint64_t)*pc++; break;
      case kAdd: top--, top[-1] += top[0]; break;
      case kSub: top--, top[-1] -= top[0]; break;
      case kMul: top--, top[-1] *= top[0]; break;
      case kXor: top--, top[-1] ^= top[0]; break;
      case kShr: top--, top[-1] >>= top[0] & 63; break;
      case kDup: top[0] = top[-1], top++; break;
      case kSwap: {
        uint64_t t = top[-1];
        top[-1] = top[-2];
        top[-2] = t;
        break;
      }
      case kLoad: *top++ = variables[*pc++]; break;
      case kStore: variables[*pc++] = *--top; break;
      case kLess: top--, top[-1] = top[-1] < top[0]; break;
      case kJumpIf: pc = *--top ? code + *pc : pc + 1; break;
      case kJump: pc = code + *pc; break;
      case kHalt: return variables[3];
      default: abort();
    }
  }
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  assemble();
  for (unsigned r = rounds_of(argc, argv, 20); r > 0; r--) sum = sum * 31 + run(10000 + r);
  return report("interpreter", sum);
}
