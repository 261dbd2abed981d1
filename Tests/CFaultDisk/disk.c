// The disks of this process, and what a test asks of them.
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t disks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault_disk *disks;
static bool is_installed;

bool fault_disk_install(void) {
  pthread_mutex_lock(&disks_lock);
  if (!is_installed) is_installed = install_vfs();
  pthread_mutex_unlock(&disks_lock);
  return is_installed;
}

struct fault_disk *fault_disk_add(const char *folder, bool remembers, uint64_t seed) {
  struct fault_disk *disk = calloc(1, sizeof *disk);
  if (!disk || !realpath(folder, disk->folder)) abort();
  pthread_mutex_init(&disk->lock, NULL);
  disk->remembers = remembers;
  disk->random = seed;
  disk->references = 1;
  if (remembers) remember_folder(disk);
  pthread_mutex_lock(&disks_lock);
  disk->next = disks;
  disks = disk;
  pthread_mutex_unlock(&disks_lock);
  return disk;
}

void fault_disk_remove(struct fault_disk *disk) { release_disk(disk); }

struct fault_disk *disk_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return NULL;
  size_t length = (size_t)(slash - path);
  pthread_mutex_lock(&disks_lock);
  struct fault_disk *disk = disks;
  while (disk && (strlen(disk->folder) != length || memcmp(disk->folder, path, length) != 0)) disk = disk->next;
  if (disk) disk->references++;
  pthread_mutex_unlock(&disks_lock);
  return disk;
}

void release_disk(struct fault_disk *disk) {
  pthread_mutex_lock(&disks_lock);
  bool is_last = --disk->references == 0;
  for (struct fault_disk **link = &disks; is_last && *link; link = &(*link)->next)
    if (*link == disk) {
      *link = disk->next;
      break;
    }
  pthread_mutex_unlock(&disks_lock);
  if (!is_last) return;
  forget_everything(disk);
  pthread_mutex_destroy(&disk->lock);
  free(disk);
}

static struct counters counted(struct fault_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  struct counters counters = disk->counters;
  pthread_mutex_unlock(&disk->lock);
  return counters;
}

uint64_t fault_disk_count(struct fault_disk *disk, enum fault_disk_operation operation, enum fault_disk_file file) {
  return counted(disk).count[operation][file];
}

uint64_t fault_disk_bytes(struct fault_disk *disk, enum fault_disk_file file) { return counted(disk).bytes[file]; }

uint64_t fault_disk_folder_syncs(struct fault_disk *disk) { return counted(disk).folder_syncs; }

uint64_t fault_disk_faults(struct fault_disk *disk, enum fault_disk_operation operation) {
  return counted(disk).faults[operation];
}

void fault_disk_reset_counters(struct fault_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  memset(&disk->counters, 0, sizeof disk->counters);
  pthread_mutex_unlock(&disk->lock);
}

void fault_disk_watch(struct fault_disk *disk, const char *name) {
  struct watched *watched = calloc(1, sizeof *watched);
  if (!watched) abort();
  snprintf(watched->text, sizeof watched->text, "%s", name);
  pthread_mutex_lock(&disk->lock);
  watched->next = disk->watched;
  disk->watched = watched;
  look_at_watched(disk);
  pthread_mutex_unlock(&disk->lock);
}

void fault_disk_cut_power(struct fault_disk *disk, uint64_t after, const char *image) {
  pthread_mutex_lock(&disk->lock);
  snprintf(disk->image, sizeof disk->image, "%s", image);
  disk->has_cut = after > 0;
  disk->operations_to_cut = after;
  if (after == 0) {
    disk->cut.is_cut = true;
    write_image(disk);
  }
  pthread_mutex_unlock(&disk->lock);
}

void fault_disk_cancel_cut(struct fault_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  disk->has_cut = false;
  pthread_mutex_unlock(&disk->lock);
}

struct fault_disk_cut fault_disk_how_cut(struct fault_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  struct fault_disk_cut cut = disk->cut;
  pthread_mutex_unlock(&disk->lock);
  return cut;
}

void fault_disk_fail(struct fault_disk *disk, struct fault_disk_fault fault) {
  pthread_mutex_lock(&disk->lock);
  disk->fault = fault;
  disk->has_fault = true;
  pthread_mutex_unlock(&disk->lock);
}

void fault_disk_heal(struct fault_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  disk->has_fault = false;
  pthread_mutex_unlock(&disk->lock);
}

void fault_disk_tear_syncs(struct fault_disk *disk, bool tears) {
  pthread_mutex_lock(&disk->lock);
  disk->tears = tears;
  pthread_mutex_unlock(&disk->lock);
}
