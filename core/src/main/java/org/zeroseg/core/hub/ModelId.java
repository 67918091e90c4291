package org.zeroseg.core.hub;

import java.util.regex.Pattern;

/**
 * A model on the hub.
 *
 * @param owner who publishes it
 * @param name its name there
 * @param revision a branch, a tag or a commit
 */
record ModelId(String owner, String name, String revision) {

  private static final Pattern PART =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?");
  private static final Pattern SEGMENT = Pattern.compile("[^\\p{Cntrl}\\\\/:*?\"<>|]+");

  static boolean isId(String text) {
    int at = text.indexOf('@');
    String path = at < 0 ? text : text.substring(0, at);
    String[] parts = path.split("/", -1);
    return parts.length == 2
        && isPart(parts[0])
        && isPart(parts[1])
        && (at < 0 || isRelative(text.substring(at + 1)));
  }

  /** The hub's own rule; two dashes separate owner and name in the cache. */
  private static boolean isPart(String part) {
    return part.length() <= 96
        && PART.matcher(part).matches()
        && !part.contains("..")
        && !part.contains("--");
  }

  /** Whether a path stays inside the folder that it is taken from, on every platform. */
  static boolean isRelative(String path) {
    for (String segment : path.split("/", -1)) {
      boolean plain = SEGMENT.matcher(segment).matches();
      if (!plain || segment.startsWith("..") || segment.equals(".") || segment.endsWith(" ")) {
        return false;
      }
    }
    return true;
  }

  static ModelId parse(String text) {
    if (!isId(text)) {
      throw new IllegalArgumentException("not a model id (owner/name): '" + text + "'");
    }
    int at = text.indexOf('@');
    String path = at < 0 ? text : text.substring(0, at);
    int slash = path.indexOf('/');
    String revision = at < 0 ? "main" : text.substring(at + 1);
    return new ModelId(path.substring(0, slash), path.substring(slash + 1), revision);
  }

  /** The folder of this model in the cache. */
  String folder() {
    return "models--" + owner + "--" + name;
  }

  @Override
  public String toString() {
    return owner + "/" + name + (revision.equals("main") ? "" : "@" + revision);
  }
}
