// Runs in every document before the page's own scripts, in a world of its own: they see neither this nor the numbers,
// and the live page is not touched.  inodeTell is the binding by which it says that a frame has been painted.
(() => {
  if (globalThis.inode) return;
  const inode = (globalThis.inode = {});
  const now = () => performance.now();

  // What has changed, and when a person could see it.  A frame is dated after it was painted: a message that is sent
  // in its animation callback comes once layout and paint are done.
  let looks = 0; // may differ from before, to the eye
  let changed = 0; // when the DOM last did
  let painted = 0; // looks that the last frame shows
  let paintedAt = 0;
  let framing = false;
  let inFrame = 0;
  let armed = false;
  let waiting = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    painted = inFrame;
    paintedAt = now();
    framing = false;
    if (looks > painted) frame();
    const over = waiting.filter(([wanted]) => painted >= wanted);
    waiting = waiting.filter(([wanted]) => painted < wanted);
    for (const [, done] of over) done(paintedAt);
    tell();
  };
  const frame = () => {
    if (framing) return;
    framing = true;
    requestAnimationFrame(() => {
      inFrame = looks;
      channel.port2.postMessage(0);
    });
  };
  const tell = () => {
    if (!armed) return;
    armed = false;
    try {
      inodeTell('');
    } catch {} // the binding goes before the page does
  };
  const look = () => {
    looks++;
    frame();
  };
  const observer = new MutationObserver(() => {
    changed = now();
    look();
  });
  const watched = new WeakSet();
  const watch = (root) => {
    if (watched.has(root)) return;
    watched.add(root);
    observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    for (const event of ['input', 'change', 'load', 'transitionend', 'animationend', 'toggle'])
      root.addEventListener(event, look, { capture: true, passive: true });
  };
  watch(document);
  addEventListener('load', look);
  look();

  inode.frame = (wanted) => new Promise((done) => (painted >= wanted ? done(paintedAt) : waiting.push([wanted, done])));
  inode.state = () => ({ now: now(), changed, ready: document.readyState, looks });
  // Two frames: whatever a click has put into the queue has begun.
  inode.turn = () => new Promise((done) => {
    setTimeout(done, 50);
    requestAnimationFrame(() => setTimeout(done, 0));
  });

  // Web vitals, of this document so far.
  const vitals = { cls: 0, longtasks: 0 };
  let shifts = 0, firstShift = 0, lastShift = 0, hasShifts = false;
  const interactions = new Map();
  const heed = {
    paint: (e) => { if (e.name === 'first-contentful-paint') vitals.fcp = e.startTime; },
    'largest-contentful-paint': (e) => { vitals.lcp = e.startTime; },
    'layout-shift': (e) => {
      if (e.hadRecentInput) return;
      // The worst window of shifts at most a second apart and five seconds in all.
      const goes = shifts && e.startTime - lastShift < 1000 && e.startTime - firstShift < 5000;
      if (!goes) { shifts = 0; firstShift = e.startTime; }
      shifts += e.value;
      lastShift = e.startTime;
      vitals.cls = Math.max(vitals.cls, shifts);
    },
    event: (e) => {
      if (!e.interactionId) return;
      interactions.set(e.interactionId, Math.max(interactions.get(e.interactionId) || 0, e.duration));
      vitals.inp = Math.max(...interactions.values());
    },
    longtask: (e) => { vitals.longtasks += e.duration; },
  };
  const observers = [];
  for (const type in heed) {
    try {
      const one = new PerformanceObserver((list) => list.getEntries().forEach(heed[type]));
      one.observe({ type, buffered: true, durationThreshold: 16 });
      observers.push([one, type]);
    } catch {}
  }
  inode.vitals = () => {
    for (const [one, type] of observers) one.takeRecords().forEach(heed[type]);
    const [navigation] = performance.getEntriesByType('navigation');
    if (navigation && navigation.responseStart > 0) vitals.ttfb = navigation.responseStart;
    return location.protocol.startsWith('http') ? vitals : {};
  };

  // The same when the run ends.  A frame is reported some time after it was shown; a page that shows nothing has none.
  inode.lastVitals = async () => {
    for (let looked = 0; looked < 20 && inode.vitals().fcp === undefined; looked++)
      await new Promise((done) => setTimeout(done, 10));
    return inode.vitals();
  };

  // The page as it stands, as HTML: each element has a number, by which it is found again, and says whether it is seen.
  const NUMBER = 'data-inode-number';
  const EMPTY = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));
  const BLOCKS = new Set('INODE_BLOCKS'.split(' '));
  const HTML = 'http://www.w3.org/1999/xhtml';
  const UNSEEN = new Set(['script', 'style', 'noscript', 'template']);
  const OPTIONS = new Set(['option', 'optgroup']);
  let nodes = [];
  const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const quoted = (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
  class TooLarge extends Error {}
  // Whether it has lines of its own, where its name says otherwise, or its attributes that it is hidden.
  const displayed = (node, name, display) => {
    if (name === 'dialog' || node.hasAttribute('popover')) return 'block';
    if (node.namespaceURI !== HTML || OPTIONS.has(name)) return '';
    if (/^(block|flow-root|flex|grid|list-item|table-cell)/.test(display))
      return BLOCKS.has(name) || ((name === 'td' || name === 'th') && display === 'table-cell') ? '' : 'block';
    return display === 'inline' && BLOCKS.has(name) && name !== 'br' ? 'inline' : '';
  };
  // What a message names as the reason: the element's own attribute, or a style sheet.
  const hiding = (node, name) => {
    if (node.style && node.style.display === 'none') return ' style="display: none"';
    if (node.hasAttribute('hidden') || name === 'dialog' || node.hasAttribute('popover')) return ' hidden';
    return getComputedStyle(node).display === 'none' ? ' hidden="style sheet"' : ' hidden';
  };

  const serialised = (most) => {
    nodes = [];
    const out = [];
    let size = 0;
    const put = (text) => {
      size += text.length;
      if (size > most) throw new TooLarge();
      out.push(text);
    };
    const head = document.head;
    const walk = (node, hidden, invisible, plain) => {
      if (node.nodeType === Node.TEXT_NODE) return put(escaped(node.data));
      if (node.nodeType !== Node.ELEMENT_NODE) return undefined;
      const name = node.localName;
      plain = plain || node === head;
      let gone = false, unseen = invisible, display = '';
      if (!plain && !hidden && node !== document.documentElement) {
        const style = getComputedStyle(node);
        gone = style.display === 'none';
        if (!gone && !OPTIONS.has(name) && style.display !== 'contents' && name !== 'area')
          gone = !node.checkVisibility();
        unseen = style.visibility !== 'visible';
        if (!gone) display = displayed(node, name, style.display);
      }
      put('<' + name + ' ' + NUMBER + '="' + (nodes.push(node) - 1) + '"');
      const input = name === 'input', isFile = input && node.type === 'file';
      for (const { name: key, value } of node.attributes) {
        if (key === 'hidden' || key === 'style' || key === NUMBER) continue;
        if (input && (key === 'checked' || (key === 'value' && !isFile))) continue;
        if (name === 'option' && key === 'selected') continue;
        if (/[\s"'<>/=]/.test(key)) continue;
        put(' ' + key + '="' + quoted(value) + '"');
      }
      if (input && !isFile && (node.value || node.hasAttribute('value'))) put(' value="' + quoted(node.value) + '"');
      if (input && node.checked) put(' checked');
      if (name === 'option' && node.selected) put(' selected');
      const styles = display ? ['display: ' + display] : [];
      if (unseen !== invisible) styles.push('visibility: ' + (unseen ? 'hidden' : 'visible'));
      if (gone) put(hiding(node, name));
      else if (styles.length) put(' style="' + styles.join('; ') + '"');
      put('>');
      if (EMPTY.has(name)) return undefined;
      if (!UNSEEN.has(name)) inside(node, name, hidden || (gone && name !== 'datalist'), unseen, plain);
      put('</' + name + '>');
      return undefined;
    };
    const inside = (node, name, hidden, invisible, plain) => {
      if (name === 'textarea') return put('\n' + escaped(node.value));
      if (name === 'iframe' || name === 'frame') {
        const there = frameOf(node);
        if (!there) return undefined;
        watch(there);
        // What is in the frame stands behind it, as a part of this page.
        put('</' + name + '><div>');
        for (const child of there.body.childNodes) walk(child, hidden, invisible, plain);
        return put('</div><' + name + ' hidden>');
      }
      const root = node.shadowRoot;
      if (root) watch(root);
      const assigned = name === 'slot' ? node.assignedNodes() : [];
      for (const child of assigned.length ? assigned : (root || node).childNodes) walk(child, hidden, invisible, plain);
      return undefined;
    };
    walk(document.documentElement, false, false, false);
    return '<!DOCTYPE html>' + out.join('');
  };
  const frameOf = (element) => {
    try {
      return element.contentDocument && element.contentDocument.body ? element.contentDocument : null;
    } catch {
      return null; // another site's
    }
  };

  inode.look = (most) => {
    const begun = now();
    let html = null;
    try {
      html = document.documentElement ? serialised(most) : '';
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
    }
    armed = true;
    const { contentType, readyState, title } = document;
    return {
      begun, html, looks, paintedAt: painted >= looks ? paintedAt : null, changed, ready: readyState, contentType, title,
      url: location.href, vitals: inode.vitals(), ended: now(),
    };
  };

  // Where to click: in the middle of an element that stands still, is on top, and in the window.
  const frames = (node) => {
    const found = [];
    for (let view = node.ownerDocument.defaultView; view && view !== window; view = view.parent)
      found.push(view.frameElement);
    return found;
  };
  const middle = (node) => {
    const boxes = [...node.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    if (!boxes.length) return null;
    const view = node.ownerDocument.defaultView;
    // Of a link over two lines the middle may be outside of it.
    const box = boxes.find((b) => b.bottom > 0 && b.right > 0 && b.top < view.innerHeight && b.left < view.innerWidth);
    return box ? [box.x + box.width / 2, box.y + box.height / 2] : null;
  };
  const onTop = (document, x, y) => {
    let hit = document.elementFromPoint(x, y);
    while (hit && hit.shadowRoot) {
      const deeper = hit.shadowRoot.elementFromPoint(x, y);
      if (!deeper || deeper === hit) break;
      hit = deeper;
    }
    return hit;
  };
  const isIn = (node, above) => {
    for (let one = node; one; one = one.parentNode || one.host) if (one === above) return true;
    return false;
  };
  const imageOf = (area) => {
    const map = area.closest('map');
    const images = map ? [...map.getRootNode().querySelectorAll('img[usemap]')] : [];
    return images.find((one) => [map.name, map.id].includes(one.useMap.slice(1)) && one.getClientRects().length);
  };
  // The part of an image that is an area: where it stands, a corner and its size.
  const boundsOf = (area, image) => {
    const box = image.getBoundingClientRect();
    const numbers = area.coords.split(/[\s,;]+/).map(parseFloat);
    const [x, y, radius] = numbers;
    if (area.shape === 'default' || numbers.length < 3 || numbers.some(isNaN)) return [box.x, box.y, box.width, box.height];
    const across = numbers.length === 3 ? [x - radius, x + radius] : numbers.filter((_, i) => i % 2 === 0);
    const down = numbers.length === 3 ? [y - radius, y + radius] : numbers.filter((_, i) => i % 2);
    const [left, top] = [Math.min(...across), Math.min(...down)];
    const style = getComputedStyle(image);
    return [
      box.x + image.clientLeft + parseFloat(style.paddingLeft) + left,
      box.y + image.clientTop + parseFloat(style.paddingTop) + top,
      Math.max(...across) - left, Math.max(...down) - top,
    ];
  };
  // The middle of an area may belong to another, or to none: a point is taken in which the browser has this one.
  const spotOf = (area) => {
    const image = imageOf(area);
    if (!image) return null;
    const [x, y, width, height] = boundsOf(area, image);
    const points = [[x + width / 2, y + height / 2]];
    for (let i = 1; i < 400; i++) points.push([x + (width * ((i % 20) + 0.5)) / 20, y + (height * (Math.floor(i / 20) + 0.5)) / 20]);
    return points.find((point) => onTop(area.ownerDocument, ...point) === area) || points[0];
  };
  const spot = (node) => (node.localName === 'area' ? spotOf(node) : middle(node));
  const bring = (node) => {
    const image = node.localName === 'area' ? imageOf(node) : null;
    (image || node).scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    if (!image) return;
    const [x, y, width, height] = boundsOf(node, image), view = node.ownerDocument.defaultView;
    const [left, top] = [x + width / 2, y + height / 2];
    if (left < 0 || top < 0 || left > view.innerWidth || top > view.innerHeight)
      view.scrollBy({ left: left - view.innerWidth / 2, top: top - view.innerHeight / 2, behavior: 'instant' });
  };
  const settle = () => new Promise((done) => {
    setTimeout(done, 50);
    requestAnimationFrame(() => setTimeout(done, 0));
  });
  const shown = (node) => {
    const id = node.id ? ` id="${node.id}"` : node.className && node.className.split ? ` class="${node.className}"` : '';
    return `<${node.localName}${id}>`.slice(0, 80);
  };
  // The page may move between the look and the click.  A click that would hit something else is kept from it.
  const PARTS_OF_A_CLICK = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
  const guarded = new WeakSet();
  let aim = null;
  const guard = (event) => {
    if (!aim || !event.isTrusted) return;
    if (event.type === 'pointerdown') {
      const path = event.composedPath();
      aim.missed = ![aim.node, ...aim.labels].some((one) => path.includes(one));
    }
    if (!aim.missed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const take = (node, labels) => {
    aim = { node, labels, missed: false };
    for (const view of new Set([window, node.ownerDocument.defaultView])) {
      if (guarded.has(view)) continue;
      guarded.add(view);
      for (const part of PARTS_OF_A_CLICK) view.addEventListener(part, guard, { capture: true });
    }
  };
  inode.hasMissed = () => {
    const { missed } = aim || { missed: false };
    aim = null;
    return missed;
  };
  const place = async (node) => {
    bring(node);
    let at = spot(node);
    for (let tries = 0; at && tries < 40; tries++) {
      await settle();
      const later = spot(node);
      if (!later || (Math.abs(later[0] - at[0]) < 1 && Math.abs(later[1] - at[1]) < 1)) { at = later; break; }
      at = later;
    }
    if (!at) return { why: 'it has no size' };
    const hit = onTop(node.ownerDocument, ...at);
    const labels = node.labels ? [...node.labels] : [];
    if (!hit || !(isIn(hit, node) || labels.some((label) => isIn(hit, label))))
      return { why: hit ? `${shown(hit)} is over it` : 'it is outside of the window' };
    take(node, labels);
    let [x, y] = at;
    for (const frame of frames(node)) {
      const box = frame.getBoundingClientRect();
      x += box.x + frame.clientLeft;
      y += box.y + frame.clientTop;
    }
    return { x, y };
  };
  // Boxes that are drawn by style sheets are used by their label.
  inode.place = async (number) => {
    const node = nodes[number];
    if (!node || !node.isConnected) return { gone: true };
    const own = await place(node);
    if (own.x !== undefined || !/^(checkbox|radio|file)$/.test(node.type || '')) return { ...own, vitals: inode.vitals() };
    for (const label of node.labels || []) {
      const its = await place(label);
      if (its.x !== undefined) return { ...its, vitals: inode.vitals() };
    }
    return own;
  };
  inode.node = (number) => (nodes[number] && nodes[number].isConnected ? nodes[number] : null);
  inode.marked = (number) => {
    const node = nodes[number];
    if (!node || !node.isConnected) return null;
    if (node.ownerDocument.activeElement !== node && node.getRootNode().activeElement !== node) node.focus();
    if (node.select) node.select();
    return { empty: !node.value };
  };
  const tellAll = (node) => {
    node.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    node.dispatchEvent(new Event('change', { bubbles: true }));
    look();
  };
  inode.set = (number, value) => {
    const node = nodes[number];
    if (!node || !node.isConnected) return null;
    node.focus();
    node.value = value;
    tellAll(node);
    return { value: node.value };
  };
  inode.choose = (list, option, chosen) => {
    const node = nodes[list], one = nodes[option];
    if (!node || !one || !node.isConnected || !one.isConnected) return null;
    node.focus();
    if (one.selected !== chosen) {
      one.selected = chosen;
      tellAll(node);
    }
    return {};
  };
  inode.submit = (number) => {
    const node = nodes[number];
    if (!node || !node.isConnected) return null;
    node.requestSubmit();
    return {};
  };
  inode.focus = (number) => {
    const node = nodes[number];
    if (!node || !node.isConnected) return null;
    node.focus();
    return {};
  };
})();
