// Translates all code of a foreign ELF file and prints what comes out on average: host instructions and bytes
// per guest instruction, time, the most frequent host instructions, and the guest instructions that are not
// translated. Walks the executable segments from beginning to end; nothing is executed.
#include <elf.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "tcg/backend/x86_64/backend.h"
#include "tcg/opt/passes.h"
#include "tests/codegen/count.h"
#include "tests/emitter/mc.h"
#include "tests/support/code_arena.h"

using namespace xarch;
using namespace xarch::test;

namespace {

struct Segment {
  uint64_t address;
  std::vector<uint8_t> bytes;
};

struct Image {
  std::string guest;
  std::vector<Segment> code;
};

uint16_t word16(const uint8_t* p, bool big) {
  return big ? uint16_t(p[0] << 8 | p[1]) : uint16_t(p[1] << 8 | p[0]);
}

// A header field of the file's byte order.
template <typename T>
uint64_t field(T value, bool big) {
  if (!big) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  return __builtin_bswap64(value);
}

// Appends the executable sections (segments also hold read-only data).
template <typename Ehdr, typename Shdr>
bool read_sections(const std::vector<uint8_t>& file, bool big, Image* image) {
  Ehdr header;
  if (file.size() < sizeof header) return false;
  std::memcpy(&header, file.data(), sizeof header);
  const uint64_t table = field(header.e_shoff, big), count = field(header.e_shnum, big);
  for (uint64_t n = 0; n < count; n++) {
    Shdr section;
    if (table + (n + 1) * sizeof section > file.size()) return false;
    std::memcpy(&section, file.data() + table + n * sizeof section, sizeof section);
    if (field(section.sh_type, big) != SHT_PROGBITS || !(field(section.sh_flags, big) & SHF_EXECINSTR))
      continue;
    const uint64_t from = field(section.sh_offset, big), size = field(section.sh_size, big);
    if (from + size > file.size()) return false;
    image->code.push_back({field(section.sh_addr, big), {file.data() + from, file.data() + from + size}});
  }
  return !image->code.empty();
}

bool read_image(const char* path, Image* image) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<uint8_t> file((std::istreambuf_iterator<char>(in)), {});
  if (file.size() < EI_NIDENT + 4 || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) return false;
  const bool big = file[EI_DATA] == ELFDATA2MSB;
  const uint16_t machine = word16(file.data() + EI_NIDENT + 2, big);
  image->guest = machine == EM_AARCH64  ? "arm64"
                 : machine == EM_MIPS   ? (big ? "mips" : "mipsel")
                 : machine == EM_X86_64 ? "x86-64"
                 : machine == EM_386    ? "i386"
                                        : "";
  return file[EI_CLASS] == ELFCLASS64 ? read_sections<Elf64_Ehdr, Elf64_Shdr>(file, big, image)
                                      : read_sections<Elf32_Ehdr, Elf32_Shdr>(file, big, image);
}

class SegmentReader : public tcg::CodeReader {
 public:
  explicit SegmentReader(const Segment& segment) : s_(segment) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    if (pc < s_.address || pc + bytes > s_.address + s_.bytes.size()) return false;
    std::memcpy(out, s_.bytes.data() + (pc - s_.address), bytes);
    return true;
  }

 private:
  const Segment& s_;
};

struct Totals {
  uint64_t regions = 0, guest = 0, host = 0, bytes = 0, recovery = 0, strange = 0;
  std::map<tcg::CompileResult::Status, uint64_t> refused, refused_at;
  std::chrono::nanoseconds lift{}, compile{};
  std::map<std::string, uint64_t> host_names, untranslated;
};

using Counts64 = std::map<std::string, uint64_t>;

void print_most_frequent(const Counts64& counts, uint64_t per, size_t limit) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (const auto& [name, n] : counts) sorted.push_back({n, name});
  std::sort(sorted.rbegin(), sorted.rend());
  if (sorted.size() > limit) sorted.resize(limit);
  for (const auto& [n, name] : sorted) {
    std::printf("  %-12s %8llu  %5.1f per 1000\n", name.c_str(), static_cast<unsigned long long>(n),
                1000.0 * static_cast<double>(n) / static_cast<double>(per));
  }
}

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

const char* mc_features(const std::string& triple) {
  return triple[0] == 'a' ? "+all" : triple[0] == 'm' ? "+mips32r2" : "";
}

class Corpus {
 public:
  Corpus(const GuestUnderTest& guest)
      : guest_(guest.guest()),
        guest_mc_(guest.triple().c_str(), "", mc_features(guest.triple())),
        mode_(guest.mode()),
        backend_(common_features()),
        arena_(backend_, guest_.layout(), 0, nullptr, guest_.fp_rules()) {}

  void walk(const Segment& segment) {
    SegmentReader reader(segment);
    const uint64_t end = segment.address + segment.bytes.size();
    for (uint64_t pc = segment.address; pc + 4 <= end;) pc += one(reader, segment, pc);
  }
  void print() const;

 private:
  // Translates the region at pc; the bytes it covers from there on.
  uint64_t one(SegmentReader& reader, const Segment& segment, uint64_t pc) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    ir::BlockKey key;
    key.pc = pc;
    key.mode = mode_;
    ir::Builder builder(&region_, guest_.layout(), key);
    guest_.lift(builder, reader, tcg::LiftLimits());
    opt::run_passes(region_, work_);
    const auto lifted = Clock::now();
    arena_.reset();
    const tcg::CompileResult r = backend_.compile(region_, arena_);
    t_.compile += Clock::now() - lifted;
    t_.lift += lifted - start;
    t_.regions++;
    note_raises(segment, pc);
    if (r.status == tcg::CompileResult::kOk) {
      t_.guest += region_.num_insns;
      t_.bytes += r.code_bytes;
      t_.recovery += arena_.recovery.size();
      note_host(r.code_bytes);
    } else {
      t_.refused[r.status]++;
      t_.refused_at[r.status] = pc;
    }
    const bool plain =
        !region_.ranges.empty() && region_.ranges[0].start == pc && region_.ranges[0].bytes != 0;
    return plain ? region_.ranges[0].bytes : guest_.insn_bytes(reader, pc, mode_);
  }
  void note_raises(const Segment& segment, uint64_t pc) {
    for (const ir::Inst& i : region_.insts) {
      if (i.op != ir::Op::kRaise && i.op != ir::Op::kRaiseVal) continue;
      const uint64_t at = pc + static_cast<uint64_t>(i.imm) - segment.address;
      if (at >= segment.bytes.size()) continue;
      const auto left = static_cast<unsigned>(std::min<uint64_t>(segment.bytes.size() - at, 15));
      const McInstruction mc = guest_mc_.decode(segment.bytes.data() + at, left);
      t_.untranslated[mc.length == 0 ? "(unknown)" : first_word(mc.text)]++;
    }
  }
  void note_host(uint32_t bytes) {
    for (uint32_t at = 0; at < bytes;) {
      const McInstruction i = host_mc_.decode(arena_.code + at, bytes - at);
      if (i.length == 0) {
        t_.strange++;
        return;
      }
      t_.host++;
      t_.host_names[first_word(i.text)]++;
      at += i.length;
    }
  }

  const tcg::Guest& guest_;
  Mc host_mc_;
  Mc guest_mc_;
  uint32_t mode_;
  x86_64::Backend backend_;
  xarch::testing::CodeArena arena_;
  ir::Region region_;
  opt::Workspace work_;
  Totals t_;
};

void Corpus::print() const {
  const double n = static_cast<double>(t_.guest);
  const auto count = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf("%llu regions, %llu guest instructions, %llu regions with code unknown to MC\n",
              count(t_.regions), count(t_.guest), count(t_.strange));
  static const char* const kStatus[] = {"ok", "no room", "too long", "unsupported"};
  for (const auto& [status, refused] : t_.refused) {
    std::printf("%llu regions refused (%s), the last at 0x%llx\n", count(refused), kStatus[status],
                count(t_.refused_at.at(status)));
  }
  std::printf(
      "per guest instruction: %.2f host instructions, %.1f bytes of code, %.1f bytes of recovery records\n",
      static_cast<double>(t_.host) / n, static_cast<double>(t_.bytes) / n,
      static_cast<double>(t_.recovery) / n);
  std::printf("time per guest instruction: lift %.0f ns, compile %.0f ns\n",
              static_cast<double>(t_.lift.count()) / n, static_cast<double>(t_.compile.count()) / n);
  std::printf("host instructions per 1000 guest instructions:\n");
  print_most_frequent(t_.host_names, t_.guest, 30);
  std::printf("guest instructions that raise (traps, and what is not translated):\n");
  print_most_frequent(t_.untranslated, t_.guest, 30);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: codegen_corpus ELF-FILE\n"), 2;
  Image image;
  if (!read_image(argv[1], &image)) return std::fprintf(stderr, "%s: no ELF file with code\n", argv[1]), 1;
  const auto guest = GuestUnderTest::make(image.guest);
  if (!guest) return std::fprintf(stderr, "%s: %s\n", argv[1], guest.error().message.c_str()), 1;
  Corpus corpus(**guest);
  for (const Segment& segment : image.code) corpus.walk(segment);
  corpus.print();
}
