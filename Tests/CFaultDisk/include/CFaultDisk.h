#ifndef HOLDFAST_FAULT_DISK_H
#define HOLDFAST_FAULT_DISK_H

#include <stdbool.h>
#include <stdint.h>

// A disk that counts, fails and loses power, as an SQLite VFS over the system's own.
//
// A database is opened through it as `file:/folder/name?vfs=holdfast-fault`. What SQLite does in a folder that
// was given to `fault_disk_add` is counted, may be made to fail, and is remembered until it is synced;
// elsewhere the layer lets everything through. One folder is one disk, and there may be many at once.
// Nothing is synced underneath, so it is fast.
//
// What a power cut leaves is the model below. It is meant to be as bad as a disk may be that keeps its word on
// syncs, and no worse.
//  - A sector of 512 bytes is written whole or not at all. Of what was done to a file since its last sync, each
//    sector shows the state of some moment, and so does the file's length. That covers writes which are lost,
//    reordered and torn. Bytes of a file that grew and was not written are zeros or garbage.
//  - A sync makes the one file durable, not its name. Names are created and deleted when the folder is synced, which
//    SQLite asks for with xDelete's `syncDir` and which its VFS for unix does at the first sync of a journal or
//    write-ahead log that it opened with SQLITE_OPEN_CREATE. Until then each name is as before or as now.
//  - The operation that the power cut hits may have happened or not, a sync included.
//  - -shm files do not exist afterwards. Plain files that others write without a sync are watched by name
//    and shown as they were at some moment, empty or missing where they were new.
//  - A sync that failed may have lost writes for good, although they are still read: the kernel drops the pages,
//    and a later sync does not bring them back. A write that failed may have been done in part.

#define FAULT_DISK_VFS "holdfast-fault"

struct fault_disk;

// What a file is to SQLite. Rollback journals are other files.
enum fault_disk_file { fault_disk_database, fault_disk_log, fault_disk_other, fault_disk_file_kinds };

enum fault_disk_operation {
  fault_disk_open,
  fault_disk_read,
  fault_disk_write,
  fault_disk_sync,
  fault_disk_truncate,
  fault_disk_delete,
  fault_disk_operations
};

// Makes the layer known to SQLite, once for the process. False where SQLite refuses.
bool fault_disk_install(void);

// Begins a disk in a folder that exists. What is in the folder now is durable.
// remembers: keeps what is not synced, for power cuts; without it only counting and faults work, in less memory.
struct fault_disk *fault_disk_add(const char *folder, bool remembers, uint64_t seed);

// Ends it. Files that are still open stay usable.
void fault_disk_remove(struct fault_disk *disk);

// How often, since the last reset. What was made to fail does not count.
uint64_t fault_disk_count(struct fault_disk *disk, enum fault_disk_operation operation, enum fault_disk_file file);
// Bytes written.
uint64_t fault_disk_bytes(struct fault_disk *disk, enum fault_disk_file file);
// Folders synced, where SQLite would have synced one.
uint64_t fault_disk_folder_syncs(struct fault_disk *disk);
// Operations that were made to fail, power cuts aside.
uint64_t fault_disk_faults(struct fault_disk *disk, enum fault_disk_operation operation);
void fault_disk_reset_counters(struct fault_disk *disk);

// Shows a plain file of the folder in the image of a power cut. At most 4 kB of it.
void fault_disk_watch(struct fault_disk *disk, const char *name);

// Cuts the power at the Nth operation from now that changes something, 1 being the next; 0 cuts at once. What the
// disk may hold is written into the folder `image`; every operation from then on fails.
void fault_disk_cut_power(struct fault_disk *disk, uint64_t after, const char *image);

// Takes back a cut that has not come yet.
void fault_disk_cancel_cut(struct fault_disk *disk);

struct fault_disk_cut {
  bool is_cut;
  enum fault_disk_operation operation;
  enum fault_disk_file file;
};
struct fault_disk_cut fault_disk_how_cut(struct fault_disk *disk);

struct fault_disk_fault {
  // Bits 1 << fault_disk_operation.
  uint32_t operations;
  // So many of these operations go well before.
  uint64_t after;
  // So many fail; 0 means until fault_disk_heal.
  uint64_t times;
  // The result code of SQLite; 0 takes the I/O error of the operation.
  int code;
};
void fault_disk_fail(struct fault_disk *disk, struct fault_disk_fault fault);
void fault_disk_heal(struct fault_disk *disk);

// Breaks the disk's word, to show that a test notices: a sync leaves out one sector in eight.
void fault_disk_tear_syncs(struct fault_disk *disk, bool tears);

#endif
