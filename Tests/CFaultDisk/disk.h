// What the parts of the layer know of a disk. Everything here is called with the disk's lock held.
#ifndef HOLDFAST_FAULT_DISK_INTERNAL_H
#define HOLDFAST_FAULT_DISK_INTERNAL_H

#include "CFaultDisk.h"

#include <pthread.h>
#include <stddef.h>

enum { sector_size = 512, longest_path = 1024, longest_name = 128, most_watched_bytes = 4096 };

// One write, or with `bytes` NULL the cutting off of everything from `offset` on.
struct change {
  int64_t offset;
  int64_t length;
  uint8_t *bytes;
  // Dropped by a sync that failed: still read, never durable.
  bool is_lost;
};

// The content of a file, which lives on without a name.
struct content {
  uint8_t *durable;
  int64_t size;
  int64_t room;
  struct change *changes;
  size_t count;
  size_t change_room;
  struct content *next;
};

// What a name of the folder stands for, on the disk and as programs see it; NULL where there is no such file.
struct name {
  char text[longest_name];
  struct content *durable;
  struct content *current;
  struct name *next;
};

struct version {
  bool is_there;
  size_t size;
  uint8_t bytes[most_watched_bytes];
  struct version *next;
};

// A plain file; the newest version comes first.
struct watched {
  char text[longest_name];
  struct version *newest;
  struct watched *next;
};

struct counters {
  uint64_t count[fault_disk_operations][fault_disk_file_kinds];
  uint64_t bytes[fault_disk_file_kinds];
  uint64_t folder_syncs;
  uint64_t faults[fault_disk_operations];
};

struct fault_disk {
  pthread_mutex_t lock;
  char folder[longest_path];
  bool remembers;
  bool tears;
  uint64_t random;
  // The disk itself, unless it was removed, and every open file.
  int references;
  struct counters counters;
  struct content *contents;
  struct name *names;
  struct watched *watched;
  struct fault_disk_fault fault;
  bool has_fault;
  bool has_cut;
  uint64_t operations_to_cut;
  char image[longest_path];
  struct fault_disk_cut cut;
  struct fault_disk *next;
};

uint64_t next_random(struct fault_disk *disk);
uint64_t mixed(uint64_t number);
void *grown(void *memory, size_t size);

// names.c: files and what is durable of them.
void remember_folder(struct fault_disk *disk);
struct content *opened_content(struct fault_disk *disk, const char *path, bool *is_new);
void forget_name(struct fault_disk *disk, const char *path);
void remember_write(struct content *content, const void *bytes, int64_t length, int64_t offset);
void remember_truncation(struct content *content, int64_t size);
void make_durable(struct fault_disk *disk, struct content *content);
void lose_changes(struct fault_disk *disk, struct content *content);
void make_names_durable(struct fault_disk *disk);
void apply_piece(uint8_t *target, const struct change *change, int64_t sector);
int64_t size_after(const struct content *content, size_t changes);
int64_t largest_size(const struct content *content);
void look_at_watched(struct fault_disk *disk);
void forget_everything(struct fault_disk *disk);

// image.c: what a power cut leaves.
void write_image(struct fault_disk *disk);

// vfs.c: the disk that a path lies on, with one reference more; NULL where it is none of ours.
struct fault_disk *disk_of(const char *path);
void release_disk(struct fault_disk *disk);
bool install_vfs(void);

#endif
