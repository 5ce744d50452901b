package dev.quern.train.data.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.FolderDataset;
import dev.quern.train.data.Refusal;
import dev.quern.train.data.Sample;
import dev.quern.train.data.listing.DataSource.Layout;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.image.PictureFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSourceTest {

  @TempDir Path folder;

  private Path images;
  private Path masks;

  @BeforeEach
  void nameFolders() {
    images = folder.resolve("images");
    masks = folder.resolve("masks");
  }

  @Test
  void pairsByNameInOrderAndSaysWhatIsLeft() throws IOException {
    for (String name : new String[] {"b", "a", "c"}) {
      picture(images.resolve(name + ".png"));
      picture(masks.resolve(name + ".PNG"));
    }
    Files.writeString(images.resolve("notes.txt"), "not a picture");
    Files.writeString(images.resolve("scan.czi"), "not a picture");
    Files.writeString(images.resolve("scan2.czi"), "not a picture");
    Files.writeString(images.resolve("Thumbs.db"), "junk");
    picture(images.resolve(".hidden.png"));
    picture(images.resolve("old").resolve("d.png"));
    picture(masks.resolve("unused.png"));
    Listing listing = source(Layout.FOLDERS, "", false, null).list();
    assertEquals(List.of("a", "b", "c"), names(listing));
    assertEquals(List.of(), listing.faults());
    assertEquals(
        List.of(
            "Not read in " + images + ": 2 .czi, 1 .txt, 1 sub-folder (--recursive looks inside).",
            "1 mask in " + masks + " without an image left out: unused."),
        listing.notes());
  }

  @Test
  void allFaultsAreFoundAtOnce() throws IOException {
    picture(images.resolve("a.png"));
    picture(images.resolve("b.png"));
    picture(images.resolve("c.png"));
    Files.copy(images.resolve("c.png"), images.resolve("c.jpg"));
    picture(masks.resolve("c.png"));
    Listing listing = source(Layout.FOLDERS, "", false, null).list();
    assertEquals(3, listing.faults().size(), listing.faults().toString());
    assertTrue(listing.faults().stream().anyMatch(f -> f.contains("a.png has no mask")));
    assertTrue(listing.faults().stream().anyMatch(f -> f.contains("same name but for the ending")));
  }

  @Test
  void foldersThatCannotBeUsed() throws IOException {
    Refusal.of(() -> source(Layout.FOLDERS, "", false, null).list(), "no folder", "images");
    Files.createDirectories(images);
    Refusal.of(() -> source(Layout.FOLDERS, "", false, null).list(), "holds no PNG", "images");
    Files.writeString(images.resolve("a.czi"), "");
    Refusal.of(() -> source(Layout.FOLDERS, "", false, null).list(), "but 1 .czi");
    picture(images.resolve("a.png"));
    Files.writeString(masks, "a file");
    Refusal.of(() -> source(Layout.FOLDERS, "", false, null).list(), "masks is a file");
  }

  @Test
  void masksBesideTheImagesHaveASuffix() {
    for (String name : new String[] {"a", "b"}) {
      picture(images.resolve(name + ".png"));
      picture(images.resolve(name + "_mask.png"));
    }
    masks = images;
    Refusal.of(
        () -> source(Layout.FOLDERS, "", false, null).list(),
        "its own mask",
        "2 of its files end in _mask: give --mask-suffix _mask");
    Listing listing = source(Layout.FOLDERS, "_mask", false, null).list();
    assertEquals(List.of("a", "b"), names(listing));
    assertEquals(List.of(), listing.notes());
    assertTrue(listing.samples().getFirst().masks().getFirst().endsWith("a_mask.png"));
    assertEquals(
        List.of("a", "b"), names(source(Layout.FOLDERS, "_mask", false, null).listImages()));
  }

  @Test
  void anImageIsNeverItsOwnMask() throws IOException {
    picture(images.resolve("a.png"));
    picture(images.resolve("b.png"));
    masks = Files.createSymbolicLink(folder.resolve("link"), images);
    Refusal.of(
        () -> source(Layout.FOLDERS, "", false, null).list(), "same folder", "--mask-suffix");
  }

  @Test
  void aMaskFolderMayHaveASuffixToo() {
    picture(images.resolve("a.png"));
    picture(masks.resolve("a_seg.png"));
    assertEquals(List.of("a"), names(source(Layout.FOLDERS, "_seg", false, null).list()));
  }

  @Test
  void subFoldersAreLookedIntoWhenAsked() {
    for (String name : new String[] {"p1/a", "p1/b", "p2/a"}) {
      picture(images.resolve(name + ".png"));
      picture(masks.resolve(name + ".png"));
    }
    Listing listing = source(Layout.FOLDERS, "", true, "folder").list();
    assertEquals(List.of("p1/a", "p1/b", "p2/a"), names(listing));
    assertEquals(
        List.of("p1", "p1", "p2"), listing.samples().stream().map(SampleFiles::group).toList());
  }

  @Test
  void linksThatLeadNowhereOrBack() throws IOException {
    picture(images.resolve("a.png"));
    picture(masks.resolve("a.png"));
    Files.createSymbolicLink(images.resolve("b.png"), Path.of("nothing.png"));
    Listing listing = source(Layout.FOLDERS, "", false, null).list();
    assertEquals(List.of("a"), names(listing));
    assertTrue(listing.notes().getFirst().contains("1 that are no files"), listing.toString());
    Files.createSymbolicLink(images.resolve("loop"), images);
    Refusal.of(
        () -> source(Layout.FOLDERS, "", true, null).list(), "Cannot list", "loop leads back");
  }

  @Test
  void groupsComeFromNames() {
    for (String name : new String[] {"pat1_a", "pat1_b", "pat22_a"}) {
      picture(images.resolve(name + ".png"));
      picture(masks.resolve(name + ".png"));
    }
    Listing listing = source(Layout.FOLDERS, "", false, "^pat(\\d+)").list();
    assertEquals(
        List.of("1", "1", "22"), listing.samples().stream().map(SampleFiles::group).toList());
    assertEquals(3, source(Layout.FOLDERS, "", false, "^slide(\\d+)").list().faults().size());
    Refusal.of(() -> source(Layout.FOLDERS, "", false, "(").list(), "--group-by '('");
  }

  @Test
  void namesAreComparedInOneUnicodeForm() {
    String name = "Zürich-é";
    picture(images.resolve(Normalizer.normalize(name, Normalizer.Form.NFD) + ".png"));
    picture(masks.resolve(Normalizer.normalize(name, Normalizer.Form.NFC) + ".png"));
    assertEquals(List.of(name), names(source(Layout.FOLDERS, "", false, null).list()));
  }

  @Test
  void aFolderForEachImageWithAMaskForEachObject() throws IOException {
    for (String name : new String[] {"n1", "n2"}) {
      picture(images.resolve(name).resolve("images").resolve(name + ".png"));
      for (int i = 0; i < 3; i++) {
        picture(images.resolve(name).resolve("masks").resolve("m" + i + ".png"));
      }
    }
    Listing listing = source(Layout.FOLDER_PER_IMAGE, "", false, null).list();
    assertEquals(List.of("n1", "n2"), names(listing));
    assertEquals(3, listing.samples().getFirst().masks().size());
    Files.createDirectories(images.resolve("n3").resolve("images"));
    picture(images.resolve("n1").resolve("images").resolve("second.png"));
    Listing bad = source(Layout.FOLDER_PER_IMAGE, "", false, null).list();
    assertEquals(List.of("n2"), names(bad));
    assertEquals(2, bad.faults().size(), bad.faults().toString());
  }

  @Test
  void aListNamesImagesMasksAndGroups() throws IOException {
    picture(images.resolve("a.png"));
    picture(images.resolve("b.png"));
    picture(masks.resolve("1.png"));
    picture(masks.resolve("2.png"));
    Path list = folder.resolve("list.csv");
    Files.writeString(
        list,
        String.join(
            "\r\n",
            "\uFEFFImage,mask,Group",
            "images/a.png,masks/1.png,p1",
            "\"images\\b.png\",masks/2.png,p2",
            "images/a.png, masks/2.png ,p1",
            "",
            ""));
    Listing listing = pairs(list).list();
    assertEquals(List.of("images/a", "images/b"), names(listing));
    assertEquals(2, listing.samples().getFirst().masks().size());
    assertEquals("p2", listing.samples().get(1).group());
    Files.writeString(list, "image,mask\nimages/a.png,masks/9.png\nimages/b.png,\n");
    assertEquals(2, pairs(list).list().faults().size());
    assertTrue(pairs(list).list().faults().getFirst().contains("line 2"));
    Files.writeString(list, "picture;mask\n");
    Refusal.of(() -> pairs(list).list(), "name image and mask");
    Files.write(list, new byte[] {'i', (byte) 0xE9, '\n'});
    Refusal.of(() -> pairs(list).list(), "UTF-8");
    Refusal.of(() -> pairs(folder.resolve("none.csv")).list(), "none.csv", "no such file");
  }

  @Test
  void aSinglePictureIsPredicted() {
    picture(images.resolve("a.png"));
    Path file = images.resolve("a.png");
    DataSource one = new DataSource(file, null, null, Layout.FOLDERS, "", false, null);
    assertEquals(List.of("a"), names(one.listImages()));
  }

  @Test
  void everyPageIsASample() throws IOException {
    try (InputStream pages = PictureFiles.class.getResourceAsStream("pages.tif")) {
      assertNotNull(pages);
      Files.createDirectories(images);
      Files.copy(pages, images.resolve("stack.tif"));
    }
    int count = PictureFiles.pages(images.resolve("stack.tif"));
    assertTrue(count > 1);
    Listing bare = source(Layout.FOLDERS, "", false, null).listImages();
    assertEquals(count, bare.samples().size());
    assertEquals("stack-page1", bare.samples().getFirst().name());
    // a mask of one page fits none of them
    picture(masks.resolve("stack.png"));
    Listing wrong = source(Layout.FOLDERS, "", false, null).list();
    assertTrue(wrong.faults().getFirst().contains(count + " pages"), wrong.faults().toString());
    Files.delete(masks.resolve("stack.png"));
    Files.copy(images.resolve("stack.tif"), masks.resolve("stack.tif"));
    Listing right = source(Layout.FOLDERS, "", false, null).list();
    assertEquals(count, right.samples().size());
    Sample last = new FolderDataset(right.samples(), MaskRule.AUTO).sample(count - 1);
    assertEquals(last.image().width(), last.mask().width());
  }

  private DataSource source(
      Layout layout, String suffix, boolean recursive, @Nullable String groupBy) {
    return new DataSource(images, masks, null, layout, suffix, recursive, groupBy);
  }

  private static DataSource pairs(Path list) {
    return new DataSource(null, null, list, Layout.FOLDERS, "", false, null);
  }

  private static List<String> names(Listing listing) {
    return listing.samples().stream().map(SampleFiles::name).toList();
  }

  private static void picture(Path file) {
    MaskPng.write(file, new Mask(2, 3, new byte[6]));
  }
}
