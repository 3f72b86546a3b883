"""Sums over resamples of scored reviews, from which every metric follows."""

from pipeline.kernels.compiled import kernel


@kernel(
    "void(int64[:, ::1], uint8[::1], uint8[::1], uint8[::1], float64[::1], float64[::1],"
    " float64[:, ::1])"
)
def resample_sums(counts, y_true, y_pred, last_of_tie, losses, squares, sums):
    """Sum over the reviews of each resample, in one pass down the scores.

    With w_i times review i, P_k and N_k the positives and the negatives down to the distinct
    score k, and p_k and m_k those at it, the sums are

        P = sum_k p_k                    positives
        sum_i w_i [predicted]            reviews predicted positive
        sum_i w_i [predicted, positive]  true positives
        sum_k m_k (2 P_{k-1} + p_k)      twice the pairs in the right order, a tie half of one
        sum_k p_k P_k / (P_k + N_k)      precision at each positive
        sum_i w_i loss_i, sum_i w_i square_i

    Parameters
    ----------
    counts : int64 array, shape (n_resamples, n)
        How often each review was drawn; reviews in descending order of their scores.
    y_true, y_pred : uint8 array, shape (n,)
        1 if a review is positive, and if it is predicted positive.
    last_of_tie : uint8 array, shape (n,)
        1 where the next review has another score, and at the last one.
    losses, squares : float64 array, shape (n,)
        What a review adds to the log loss and to the Brier score.
    sums : float64 array, shape (n_resamples, 7)
        Receives the sums in the order above; those of integers are exact below 2^53.
    """
    for r in range(counts.shape[0]):
        positives = seen = right = n_predicted = true_positives = 0
        tied = tied_positives = 0
        precision = loss = square = 0.0
        for i in range(counts.shape[1]):
            times = counts[r, i]
            positive = times * y_true[i]
            tied += times
            tied_positives += positive
            n_predicted += times * y_pred[i]
            true_positives += positive * y_pred[i]
            loss += times * losses[i]
            square += times * squares[i]
            if last_of_tie[i]:
                right += (tied - tied_positives) * (2 * positives + tied_positives)
                positives += tied_positives
                seen += tied
                # A branch would often be mistaken; nothing seen means that 0 is added.
                precision += tied_positives * positives / max(seen, 1)
                tied = tied_positives = 0
        sums[r, 0] = positives
        sums[r, 1] = n_predicted
        sums[r, 2] = true_positives
        sums[r, 3] = right
        sums[r, 4] = precision
        sums[r, 5] = loss
        sums[r, 6] = square
