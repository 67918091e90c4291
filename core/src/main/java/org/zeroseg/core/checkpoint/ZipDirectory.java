package org.zeroseg.core.checkpoint;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where in a zip file each entry's bytes lie. The JDK's own reader does not tell, and mapping a
 * tensor needs to know. Field names as in the format's definition (PKWARE APPNOTE 6.3, section
 * 4.3).
 */
final class ZipDirectory {

  private static final int END_OF_CENTRAL_DIRECTORY = 0x06054b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;
  private static final int ZIP64_END = 0x06064b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int END_SIZE = 22;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final long LARGEST_DIRECTORY = 1 << 28;
  private static final int MOST_ENTRIES = 2 * Layout.MOST_TENSORS;

  /** One entry of the central directory; {@code header} is where its local header begins. */
  private record Entry(int method, long stored, long size, long header) {}

  /** A stored entry's bytes. */
  record Range(long start, long length) {}

  /** A path from the root or a drive, to a folder above, or of another system. */
  private static final Pattern OUTSIDE =
      Pattern.compile("^/|^[A-Za-z]:/|(^|/)\\.\\.(/|$)|\\\\|\\x00");

  private final MappedFile file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  ZipDirectory(MappedFile file) {
    this.file = file;
    int tail = (int) Math.min(file.size(), END_SIZE + LONGEST_COMMENT);
    long tailStart = file.size() - tail;
    ByteBuffer end = file.copy(tailStart, tail);
    int at = endOfCentralDirectory(end);
    long count = end.getShort(at + 10) & 0xffff;
    long size = end.getInt(at + 12) & 0xffffffffL;
    long offset = end.getInt(at + 16) & 0xffffffffL;
    if (count == 0xffff || size == 0xffffffffL || offset == 0xffffffffL) {
      ByteBuffer locator = file.copy(tailStart + at - 20, 20);
      requireSignature(locator.getInt(0), ZIP64_LOCATOR);
      ByteBuffer end64 = file.copy(locator.getLong(8), 56);
      requireSignature(end64.getInt(0), ZIP64_END);
      count = end64.getLong(32);
      size = end64.getLong(40);
      offset = end64.getLong(48);
    }
    if (size < 0 || size > LARGEST_DIRECTORY) {
      throw damaged("has a directory of " + size + " bytes");
    }
    if (count < 0 || count > MOST_ENTRIES) {
      throw file.refuse("is a zip file of " + count + " entries; at most " + MOST_ENTRIES);
    }
    readEntries(file.map(offset, size), count);
  }

  private int endOfCentralDirectory(ByteBuffer tail) {
    for (int at = tail.limit() - END_SIZE; at >= 0; at--) {
      if (tail.getInt(at) == END_OF_CENTRAL_DIRECTORY
          && at + END_SIZE + (tail.getShort(at + 20) & 0xffff) == tail.limit()) {
        return at;
      }
    }
    throw damaged("lacks the directory at its end");
  }

  private void readEntries(ByteBuffer directory, long count) {
    for (long i = 0; i < count; i++) {
      if (directory.remaining() < 46) {
        throw damaged("has a directory shorter than its " + count + " entries");
      }
      int at = directory.position();
      requireSignature(directory.getInt(at), CENTRAL_HEADER);
      int flags = directory.getShort(at + 8);
      int method = directory.getShort(at + 10);
      long stored = directory.getInt(at + 20) & 0xffffffffL;
      long size = directory.getInt(at + 24) & 0xffffffffL;
      int nameLength = directory.getShort(at + 28) & 0xffff;
      int extraLength = directory.getShort(at + 30) & 0xffff;
      int commentLength = directory.getShort(at + 32) & 0xffff;
      long header = directory.getInt(at + 42) & 0xffffffffL;
      if (directory.remaining() < 46 + nameLength + extraLength + commentLength) {
        throw damaged("has a directory that is cut off");
      }
      byte[] name = new byte[nameLength];
      directory.get(at + 46, name);
      ByteBuffer extra =
          directory.slice(at + 46 + nameLength, extraLength).order(directory.order());
      while (extra.remaining() >= 4) {
        int id = extra.getShort() & 0xffff;
        int length = Math.min(extra.getShort() & 0xffff, extra.remaining());
        ByteBuffer field = extra.slice(extra.position(), length).order(directory.order());
        extra.position(extra.position() + length);
        if (id == 1) { // zip64: the fields that did not fit, in this order
          size = size == 0xffffffffL && field.remaining() >= 8 ? field.getLong() : size;
          stored = stored == 0xffffffffL && field.remaining() >= 8 ? field.getLong() : stored;
          header = header == 0xffffffffL && field.remaining() >= 8 ? field.getLong() : header;
        }
      }
      if ((flags & 1) != 0) {
        throw file.refuse("is an encrypted zip file");
      }
      add(new String(name, StandardCharsets.UTF_8), new Entry(method, stored, size, header));
      directory.position(at + 46 + nameLength + extraLength + commentLength);
    }
  }

  private void add(String name, Entry entry) {
    if (OUTSIDE.matcher(name).find()) {
      throw file.refuse("has an entry that points outside the archive: " + name);
    }
    if (entries.put(name, entry) != null) {
      throw damaged("has two entries called " + name);
    }
  }

  Iterable<String> names() {
    return entries.keySet();
  }

  boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** The bytes of an entry, which must be stored as they are. */
  Range range(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw file.refuse("has no entry " + name);
    }
    if (entry.method() != 0 || entry.stored() != entry.size()) {
      throw file.refuse(
          "has the compressed entry " + name + "; PyTorch stores entries as they are");
    }
    ByteBuffer local = file.copy(entry.header(), 30);
    requireSignature(local.getInt(0), LOCAL_HEADER);
    long start =
        entry.header() + 30 + (local.getShort(26) & 0xffff) + (local.getShort(28) & 0xffff);
    if (entry.size() < 0 || start > file.size() - entry.size()) {
      throw damaged("entry " + name + " of " + entry.size() + " bytes lies beyond its end");
    }
    return new Range(start, entry.size());
  }

  private void requireSignature(int found, int expected) {
    if (found != expected) {
      throw damaged("has the signature %08x where %08x must be".formatted(found, expected));
    }
  }

  private CheckpointException damaged(String reason) {
    return file.refuse("is a cut off or damaged zip file: " + reason);
  }
}
