// Files of a disk: what programs see of them, and what of that is durable.
#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *grown(void *memory, size_t size) {
  void *result = realloc(memory, size ? size : 1);
  if (!result) abort();
  return result;
}

uint64_t mixed(uint64_t number) {
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
  return number ^ (number >> 31);
}

uint64_t next_random(struct fault_disk *disk) { return mixed(disk->random += 0x9E3779B97F4A7C15u); }

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static struct content *new_content(struct fault_disk *disk) {
  struct content *content = calloc(1, sizeof *content);
  if (!content) abort();
  content->next = disk->contents;
  return disk->contents = content;
}

static struct name *name_of(struct fault_disk *disk, const char *path) {
  const char *text = last_part(path);
  for (struct name *name = disk->names; name; name = name->next)
    if (strcmp(name->text, text) == 0) return name;
  struct name *name = calloc(1, sizeof *name);
  if (!name) abort();
  snprintf(name->text, sizeof name->text, "%s", text);
  name->next = disk->names;
  return disk->names = name;
}

// Takes over a file that was there before us.
static struct content *adopted(struct fault_disk *disk, const char *path) {
  struct content *content = new_content(disk);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0) return content;
  if (fstat(file, &status) == 0) {
    content->durable = grown(NULL, (size_t)status.st_size);
    content->room = status.st_size;
    ssize_t found = read(file, content->durable, (size_t)status.st_size);
    content->size = found > 0 ? found : 0;
  }
  close(file);
  return content;
}

void remember_folder(struct fault_disk *disk) {
  DIR *folder = opendir(disk->folder);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    // Databases and what belongs to them; the index of a write-ahead log is made anew.
    if (!strstr(entry->d_name, ".sqlite") || ends_with(entry->d_name, "-shm")) continue;
    char path[longest_path + longest_name + 2];
    snprintf(path, sizeof path, "%s/%s", disk->folder, entry->d_name);
    struct name *name = name_of(disk, path);
    name->durable = name->current = adopted(disk, path);
  }
  closedir(folder);
}

struct content *opened_content(struct fault_disk *disk, const char *path, bool *is_new) {
  struct name *name = name_of(disk, path);
  *is_new = access(path, F_OK) != 0;
  if (*is_new)
    name->current = new_content(disk);
  else if (!name->current)
    name->durable = name->current = adopted(disk, path);
  return name->current;
}

void forget_name(struct fault_disk *disk, const char *path) { name_of(disk, path)->current = NULL; }

void make_names_durable(struct fault_disk *disk) {
  for (struct name *name = disk->names; name; name = name->next) name->durable = name->current;
  disk->counters.folder_syncs++;
}

static struct change *added_change(struct content *content) {
  if (content->count == content->change_room) {
    content->change_room = content->change_room ? content->change_room * 2 : 32;
    content->changes = grown(content->changes, content->change_room * sizeof *content->changes);
  }
  struct change *change = &content->changes[content->count++];
  memset(change, 0, sizeof *change);
  return change;
}

void remember_write(struct content *content, const void *bytes, int64_t length, int64_t offset) {
  struct change *change = added_change(content);
  change->offset = offset;
  change->length = length;
  change->bytes = grown(NULL, (size_t)length);
  memcpy(change->bytes, bytes, (size_t)length);
}

void remember_truncation(struct content *content, int64_t size) { added_change(content)->offset = size; }

int64_t size_after(const struct content *content, size_t changes) {
  int64_t size = content->size;
  for (size_t i = 0; i < changes && i < content->count; i++) {
    const struct change *change = &content->changes[i];
    if (change->is_lost) continue;
    if (!change->bytes) {
      if (change->offset < size) size = change->offset;
    } else if (change->offset + change->length > size) {
      size = change->offset + change->length;
    }
  }
  return size;
}

int64_t largest_size(const struct content *content) {
  int64_t size = content->size;
  for (size_t i = 0; i < content->count; i++) {
    const struct change *change = &content->changes[i];
    if (change->offset + change->length > size) size = change->offset + change->length;
  }
  return size;
}

// `target` holds at least the whole sector.
void apply_piece(uint8_t *target, const struct change *change, int64_t sector) {
  int64_t from = sector * sector_size, to = from + sector_size;
  if (change->offset > from) from = change->offset;
  if (change->bytes) {
    if (change->offset + change->length < to) to = change->offset + change->length;
    if (to > from) memcpy(target + from, change->bytes + (from - change->offset), (size_t)(to - from));
  } else if (to > from) {
    memset(target + from, 0, (size_t)(to - from));
  }
}

static void drop_changes(struct content *content) {
  for (size_t i = 0; i < content->count; i++) free(content->changes[i].bytes);
  content->count = 0;
}

void make_durable(struct fault_disk *disk, struct content *content) {
  int64_t sectors = (largest_size(content) + sector_size - 1) / sector_size;
  if (sectors * sector_size > content->room) {
    int64_t room = sectors * sector_size * 2;
    content->durable = grown(content->durable, (size_t)room);
    memset(content->durable + content->room, 0, (size_t)(room - content->room));
    content->room = room;
  }
  int64_t size = size_after(content, content->count);
  for (size_t i = 0; i < content->count; i++) {
    const struct change *change = &content->changes[i];
    if (change->is_lost) continue;
    int64_t end = change->bytes ? (change->offset + change->length + sector_size - 1) / sector_size : sectors;
    for (int64_t sector = change->offset / sector_size; sector < end; sector++)
      if (!disk->tears || next_random(disk) % 8) apply_piece(content->durable, change, sector);
  }
  content->size = size;
  drop_changes(content);
}

void lose_changes(struct fault_disk *disk, struct content *content) {
  uint64_t manner = next_random(disk) % 3;
  for (size_t i = 0; i < content->count; i++)
    if (manner == 0 || (manner == 1 && next_random(disk) % 2)) content->changes[i].is_lost = true;
}

void look_at_watched(struct fault_disk *disk) {
  for (struct watched *watched = disk->watched; watched; watched = watched->next) {
    struct version now;
    memset(&now, 0, sizeof now);
    char path[longest_path + longest_name + 2];
    snprintf(path, sizeof path, "%s/%s", disk->folder, watched->text);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      now.is_there = true;
      ssize_t found = read(file, now.bytes, sizeof now.bytes);
      now.size = found > 0 ? (size_t)found : 0;
      close(file);
    }
    struct version *last = watched->newest;
    if (last && last->is_there == now.is_there && last->size == now.size && !memcmp(last->bytes, now.bytes, now.size))
      continue;
    struct version *version = grown(NULL, sizeof *version);
    *version = now;
    version->next = last;
    watched->newest = version;
  }
}

void forget_everything(struct fault_disk *disk) {
  for (struct content *content = disk->contents, *next; content; content = next) {
    next = content->next;
    drop_changes(content);
    free(content->changes);
    free(content->durable);
    free(content);
  }
  for (struct name *name = disk->names, *next; name; name = next) {
    next = name->next;
    free(name);
  }
  for (struct watched *watched = disk->watched, *next; watched; watched = next) {
    next = watched->next;
    for (struct version *version = watched->newest, *older; version; version = older) {
      older = version->next;
      free(version);
    }
    free(watched);
  }
}
