import { useQuery } from "@tanstack/react-query";
import { listSimilar, type Similar } from "../api";
import { photoAddress, titleOf } from "../gallery/photoText";
import { placeholderUrl } from "../gallery/placeholder";
import styles from "./MoreLikeThis.module.css";
import panel from "./Panel.module.css";

const DUPLICATES: Record<NonNullable<Similar["duplicate"]>, string> = {
  exact: "same file",
  near: "near copy",
};

export interface MoreLikeThisProps {
  id: string;
  onShow: (id: string) => void;
}

/** Photos that look like the one that is open. */
export function MoreLikeThis({ id, onShow }: MoreLikeThisProps) {
  const similar = useQuery({
    queryKey: ["similar", id],
    queryFn: ({ signal }) => listSimilar(id, signal),
    staleTime: 60_000,
  });
  const shown = similar.data?.filter(({ image }) => image.status === "ready") ?? [];
  if (similar.isSuccess && shown.length === 0) return null;
  return (
    <section>
      <h3 className={panel.heading}>More like this</h3>
      {similar.isError && <p className={panel.note}>They did not come. {similar.error.message}</p>}
      <ul className={styles.row} data-loading={similar.isPending}>
        {shown.map(({ image, duplicate }) => (
          <li key={image.id} className={styles.photo}>
            <a
              href={photoAddress(image.id)}
              className={styles.link}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                onShow(image.id);
              }}
            >
              <img
                className={styles.picture}
                src={image.thumb_url ?? undefined}
                alt={titleOf(image)}
                loading="lazy"
                style={{ backgroundImage: backgroundOf(image.placeholder) }}
              />{" "}
              {duplicate && <span className={styles.duplicate}>{DUPLICATES[duplicate]}</span>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function backgroundOf(placeholder: string | null): string | undefined {
  const url = placeholderUrl(placeholder);
  return url === null ? undefined : `url(${url})`;
}
