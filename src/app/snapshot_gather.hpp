#pragma once
// What a snapshot knows of processes, as plain data, and how it is gathered from /proc. No
// rendering. Names, targets and paths are as the kernel gave them: any bytes.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gosv/app/snapshot.hpp"

namespace gosv::app {

// Of the open files of one process so many are shown one by one; of all there is a count by kind.
inline constexpr std::size_t kMostFiles = 1000;

// Files and maps are shown of so many processes, the stat line of all.
inline constexpr std::size_t kMostDetailed = 1000;

struct OpenFile {
    int fd;
    std::string target;  // "/dev/null", "socket:[123]"; empty: it was closed meanwhile
};

struct FileKinds {
    std::size_t sockets = 0, pipes = 0, anonymous = 0, paths = 0;
};

enum class Details : std::uint8_t {
    not_read,  // left out: too many processes, or no time
    read,
    gone,  // the process ended meanwhile
};

struct SnapshotProcess {
    Pid pid, parent, group;
    char state = '?';  // proc(5)
    bool alive = true;
    std::int64_t threads = 0;
    std::uint64_t start_time = 0;
    std::uint64_t vm_rss_kb = 0;
    std::uint64_t vm_size_kb = 0;
    std::string name;
    int depth = 0;  // below the first of its tree
    // Of what belongs to no service: where it comes from. Of a service's process: "healthcheck" or
    // "stop command", if it is one.
    std::string origin;

    Details details = Details::not_read;
    std::vector<OpenFile> files;  // the first kMostFiles
    std::size_t files_total = 0;
    FileKinds file_kinds;           // only when files_total > kMostFiles
    int files_error = 0;            // errno; 0: read
    std::vector<std::string> maps;  // lines of /proc/PID/maps
    std::size_t maps_total = 0;
    int maps_error = 0;
};

// Children that are dead and that their parent does not wait for.
struct ZombieGroup {
    Pid parent;
    std::string parent_name;
    std::string service;    // of the parent; empty: none
    std::vector<Pid> pids;  // all of them
};

using ProcessTree = std::vector<SnapshotProcess>;  // parents before children, siblings by pid

class SnapshotGatherer {
  public:
    SnapshotGatherer(const SnapshotInput& input, const os::Proc& proc, MonotonicTime deadline);

    // The first look: stat of every process, who belongs to whom, zombies.
    void look_at_all();

    // Descriptors and maps; fills in `details` and what belongs to it.
    void read_details(SnapshotProcess& process);

    std::vector<ProcessTree> services;  // as input.services
    ProcessTree others;                 // adopted by gosv, or come in from outside
    ProcessTree self;                   // gosv; empty when it is not to be seen
    std::vector<ZombieGroup> zombies;   // the largest first

    bool proc_mounted = true;
    bool out_of_time = false;
    std::size_t unreadable = 0;  // processes whose stat was denied (hidepid)
    std::size_t denied = 0;      // processes whose files or maps were
    std::size_t left_out = 0;    // whose details were not read

  private:
    bool time_is_up();
    void add(Pid pid);
    std::optional<SnapshotProcess> look_at(Pid pid);
    std::map<pid_t, std::size_t> read_leaves() const;
    std::size_t owner_of(std::size_t process);
    void plant(const std::vector<std::size_t>& members, ProcessTree& tree);
    void collect_zombies();
    std::string origin_of(const SnapshotProcess& process);
    void read_files(SnapshotProcess& process);
    void read_maps(SnapshotProcess& process);

    const SnapshotInput& input_;
    const os::Proc& proc_;
    MonotonicTime deadline_;
    ProcessTree all_;                     // by pid
    std::map<pid_t, std::size_t> place_;  // in all_
    std::vector<std::size_t> owner_;      // of all_: see the .cpp
    std::size_t detailed_ = 0;
    std::uint64_t page_kb_;
};

}  // namespace gosv::app
