// xarch-run: `xarch run` as a program of its own, under any name: for chroots, and as an interpreter that the
// kernel starts (binfmt_misc).
#include <span>

#include "frontend/run_command.h"
#include "frontend/start.h"

int main(int argc, char** argv) {
  if (const int status = xarch::run_if_started_for_program(argc, argv); status >= 0) return status;
  return xarch::run_command(std::span<char*>(argv, static_cast<size_t>(argc)).subspan(argc > 0 ? 1 : 0));
}
