// Headers of ELF files: good ones, each kind of bad one, and random damage.
#include "linux-user/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>
#include <vector>

namespace xarch::linux_user {
namespace {

class MemoryFile {
 public:
  explicit MemoryFile(const std::vector<uint8_t>& bytes) : fd_(memfd_create("elf", MFD_CLOEXEC)) {
    EXPECT_EQ(write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(fd_); }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// A small good program: one text and one data segment, an interpreter.
struct Sample {
  Elf64_Ehdr ehdr = {};
  Elf64_Phdr phdr[4] = {};
  char interp[16] = "/lib/ld.so";

  Sample() {
    memcpy(ehdr.e_ident, ELFMAG, SELFMAG);
    ehdr.e_ident[EI_CLASS] = ELFCLASS64;
    ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
    ehdr.e_ident[EI_VERSION] = EV_CURRENT;
    ehdr.e_type = ET_DYN;
    ehdr.e_machine = EM_AARCH64;
    ehdr.e_version = EV_CURRENT;
    ehdr.e_entry = 0x100;
    ehdr.e_phoff = sizeof ehdr;
    ehdr.e_ehsize = sizeof ehdr;
    ehdr.e_phentsize = sizeof(Elf64_Phdr);
    ehdr.e_phnum = 4;
    phdr[0] = {PT_INTERP, PF_R, offsetof(Sample, interp), offsetof(Sample, interp), 0, 11, 11, 1};
    phdr[1] = {PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof(Sample), sizeof(Sample), 0x10000};
    phdr[2] = {PT_LOAD, PF_R | PF_W, 0x100, 0x10100, 0, 16, 0x2000, 0x10000};
    phdr[3] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
  }
  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> b(sizeof *this);
    memcpy(b.data(), this, sizeof *this);
    return b;
  }
};

Result<ElfImage> read_sample(const Sample& s) {
  return read_elf(MemoryFile(s.bytes()).fd(), "sample", 1ull << 42);
}

TEST(ElfImage, ReadsAGoodProgram) {
  const Result<ElfImage> image = read_sample(Sample());
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->machine, EM_AARCH64);
  EXPECT_TRUE(image->position_independent);
  EXPECT_EQ(image->interp, "/lib/ld.so");
  ASSERT_EQ(image->loads.size(), 2u);
  EXPECT_EQ(image->low, 0u);
  EXPECT_EQ(image->high, 0x13000u);
  EXPECT_EQ(image->max_align, 0x10000u);
  EXPECT_EQ(image->phdr_vaddr, sizeof(Elf64_Ehdr));
  EXPECT_FALSE(image->exec_stack);
}

void expect_refused(const Sample& s, const char* why) {
  const Result<ElfImage> image = read_sample(s);
  ASSERT_FALSE(image) << why;
  EXPECT_NE(image.error().message.find(why), std::string::npos) << image.error().message;
  EXPECT_EQ(image.error().message.find("sample: "), 0u);
  EXPECT_EQ(image.error().message.find('\n'), std::string::npos);
}

TEST(ElfImage, NamesWhatIsWrong) {
  Sample s;
  s.ehdr.e_type = ET_REL;
  expect_refused(s, "object file");
  s = {};
  s.ehdr.e_phentsize = 32;
  expect_refused(s, "size of program headers");
  s = {};
  s.ehdr.e_phnum = 0;
  expect_refused(s, "no program headers");
  s = {};
  s.ehdr.e_phnum = 0xffff;
  expect_refused(s, "too many program headers");
  s = {};
  s.ehdr.e_phoff = UINT64_MAX - 8;
  expect_refused(s, "truncated");
  s = {};
  s.phdr[1].p_filesz = s.phdr[1].p_memsz + 1;
  expect_refused(s, "larger in the file");
  s = {};
  s.phdr[1].p_filesz = s.phdr[1].p_memsz = 1 << 20;
  expect_refused(s, "truncated");
  s = {};
  s.phdr[2].p_vaddr = 0x10101;
  expect_refused(s, "disagree");
  s = {};
  s.phdr[2].p_vaddr = UINT64_MAX - 0xeff;
  s.phdr[2].p_memsz = 0x2000;
  expect_refused(s, "wraps");
  s = {};
  s.phdr[2].p_vaddr = (1ull << 42) + 0x100;
  expect_refused(s, "end of the address space");
  s = {};
  s.phdr[0].p_filesz = 5000;
  expect_refused(s, "interpreter");
  s = {};
  s.phdr[0].p_filesz = 5;
  expect_refused(s, "does not end");
  s = {};
  s.phdr[1].p_type = s.phdr[2].p_type = PT_NOTE;
  expect_refused(s, "nothing to load");
}

TEST(ElfImage, EveryTruncationIsRefusedOrWhole) {
  const std::vector<uint8_t> whole = Sample().bytes();
  for (size_t n = 0; n < whole.size(); ++n) {
    const MemoryFile file(std::vector<uint8_t>(whole.begin(), whole.begin() + static_cast<long>(n)));
    EXPECT_FALSE(read_elf(file.fd(), "short", 1ull << 42)) << n;
  }
}

TEST(ElfImage, SurvivesRandomDamage) {
  constexpr unsigned kSeed = 20240817;
  RecordProperty("seed", static_cast<int>(kSeed));
  std::mt19937 random(kSeed);
  const std::vector<uint8_t> whole = Sample().bytes();
  unsigned good = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes = whole;
    for (unsigned n = 1 + random() % 4; n-- > 0;) {
      static constexpr uint8_t kInteresting[] = {0, 1, 0x7f, 0x80, 0xff};
      const size_t at = random() % bytes.size();
      bytes[at] = random() % 2 ? static_cast<uint8_t>(random()) : kInteresting[random() % 5];
    }
    const Result<ElfImage> image = read_elf(MemoryFile(bytes).fd(), "damaged", 1ull << 42);
    if (!image) {
      EXPECT_FALSE(image.error().message.empty());
      continue;
    }
    ++good;
    for (const ElfSegment& s : image->loads) {
      EXPECT_LE(s.vaddr + s.mem_bytes, 1ull << 42);
      EXPECT_LE(s.file_bytes, s.mem_bytes);
      EXPECT_GE(s.vaddr, image->low);
      EXPECT_LE(s.vaddr + s.mem_bytes, image->high);
    }
  }
  EXPECT_GT(good, 1000u);
}

}  // namespace
}  // namespace xarch::linux_user
