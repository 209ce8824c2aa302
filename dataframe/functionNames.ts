// Written by test/dataframe/functionNames.test.ts from duckdb_functions() of DuckDB v1.5.6: do not edit.

/** Functions, and macros over them, that compute one value for a group of rows. */
export const aggregateFunctions: ReadonlySet<string> = words(`
  any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
  arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or
  bit_xor bitstring_agg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy
  favg first fsum geomean geometric_mean group_concat histogram histogram_exact json_group_array
  json_group_object json_group_structure kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean
  median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count
  regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev
  stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg
`)

/** Functions that need OVER; the aggregates may have it. */
export const windowFunctions: ReadonlySet<string> = words(`
  cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
  row_number
`)

/** Functions whose results differ over equal rows. */
export const volatileFunctions: ReadonlySet<string> = words(`
  current_connection_id current_query current_query_id current_transaction_id currval error gen_random_uuid
  nextval random setseed sleep_ms stats uuid uuidv4 uuidv7 write_log
`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** The functions of DuckDB as `F` has them: `list_distinct` is `listDistinct`. */
// biome-ignore format: a name a line would take hundreds of lines
export type DuckDBFunctionName =
  | 'abs' | 'acos' | 'acosh' | 'add' | 'age' | 'aggregate' | 'ago' | 'alias' | 'anyValue' | 'apply'
  | 'approxCountDistinct' | 'approxQuantile' | 'approxTopK' | 'arbitrary' | 'argMax' | 'argMaxNull'
  | 'argMaxNullsLast' | 'argMin' | 'argMinNull' | 'argMinNullsLast' | 'argmax' | 'argmin' | 'arrayAgg'
  | 'arrayAggr' | 'arrayAggregate' | 'arrayAppend' | 'arrayApply' | 'arrayCat' | 'arrayConcat'
  | 'arrayContains' | 'arrayCosineDistance' | 'arrayCosineSimilarity' | 'arrayCrossProduct' | 'arrayDistance'
  | 'arrayDistinct' | 'arrayDotProduct' | 'arrayExtract' | 'arrayFilter' | 'arrayGradeUp' | 'arrayHas'
  | 'arrayHasAll' | 'arrayHasAny' | 'arrayIndexof' | 'arrayInnerProduct' | 'arrayIntersect' | 'arrayLength'
  | 'arrayNegativeDotProduct' | 'arrayNegativeInnerProduct' | 'arrayPopBack' | 'arrayPopFront'
  | 'arrayPosition' | 'arrayPrepend' | 'arrayPushBack' | 'arrayPushFront' | 'arrayReduce' | 'arrayResize'
  | 'arrayReverse' | 'arrayReverseSort' | 'arraySelect' | 'arraySlice' | 'arraySort' | 'arrayToJson'
  | 'arrayToString' | 'arrayToStringCommaDefault' | 'arrayTransform' | 'arrayUnique' | 'arrayValue'
  | 'arrayWhere' | 'arrayZip' | 'ascii' | 'asin' | 'asinh' | 'atan' | 'atan2' | 'atanh' | 'avg' | 'bar'
  | 'base64' | 'bin' | 'bitAnd' | 'bitCount' | 'bitLength' | 'bitOr' | 'bitPosition' | 'bitXor' | 'bitstring'
  | 'bitstringAgg' | 'boolAnd' | 'boolOr' | 'canCastImplicitly' | 'cardinality' | 'castToType' | 'cbrt'
  | 'ceil' | 'ceiling' | 'century' | 'charLength' | 'characterLength' | 'chr' | 'combine' | 'concat'
  | 'concatWs' | 'constantOrNull' | 'contains' | 'corr' | 'cos' | 'cosh' | 'cot' | 'count' | 'countIf'
  | 'countStar' | 'countif' | 'covarPop' | 'covarSamp' | 'createSortKey' | 'cumeDist' | 'currentCatalog'
  | 'currentConnectionId' | 'currentDatabase' | 'currentDate' | 'currentLocaltime' | 'currentLocaltimestamp'
  | 'currentQuery' | 'currentQueryId' | 'currentRole' | 'currentSchema' | 'currentSchemas' | 'currentSetting'
  | 'currentTransactionId' | 'currentUser' | 'currval' | 'damerauLevenshtein' | 'dateAdd' | 'dateDiff'
  | 'datePart' | 'dateSub' | 'dateTrunc' | 'datediff' | 'datepart' | 'datesub' | 'datetrunc' | 'day'
  | 'dayname' | 'dayofmonth' | 'dayofweek' | 'dayofyear' | 'daysInMonth' | 'decade' | 'decode' | 'degrees'
  | 'denseRank' | 'divide' | 'editdist3' | 'elementAt' | 'encode' | 'endsWith' | 'entropy' | 'enumCode'
  | 'enumFirst' | 'enumLast' | 'enumRange' | 'enumRangeBoundary' | 'epoch' | 'epochMs' | 'epochNs' | 'epochUs'
  | 'equiWidthBins' | 'era' | 'error' | 'even' | 'exp' | 'factorial' | 'favg' | 'fdiv' | 'fill' | 'filter'
  | 'finalize' | 'first' | 'firstValue' | 'flatten' | 'floor' | 'fmod' | 'format' | 'formatBytes'
  | 'formatPgType' | 'formatType' | 'fromBase64' | 'fromBinary' | 'fromHex' | 'fromJson' | 'fromJsonStrict'
  | 'fsum' | 'gamma' | 'gcd' | 'genRandomUuid' | 'generateSeries' | 'generateSubscripts' | 'geomean'
  | 'geometricMean' | 'getBit' | 'getBlockSize' | 'getCurrentTime' | 'getCurrentTimestamp' | 'getType'
  | 'getvariable' | 'gradeUp' | 'greatest' | 'greatestCommonDivisor' | 'groupConcat' | 'hamming' | 'hash'
  | 'hex' | 'histogram' | 'histogramExact' | 'hour' | 'icuSortKey' | 'ilikeEscape' | 'inSearchPath' | 'instr'
  | 'isHistogramOtherBin' | 'isfinite' | 'isinf' | 'isnan' | 'isodow' | 'isoyear' | 'jaccard'
  | 'jaroSimilarity' | 'jaroWinklerSimilarity' | 'json' | 'jsonArray' | 'jsonArrayLength' | 'jsonContains'
  | 'jsonDeserializeSql' | 'jsonExists' | 'jsonExtract' | 'jsonExtractPath' | 'jsonExtractPathText'
  | 'jsonExtractString' | 'jsonGroupArray' | 'jsonGroupObject' | 'jsonGroupStructure' | 'jsonKeys'
  | 'jsonMergePatch' | 'jsonObject' | 'jsonPretty' | 'jsonQuote' | 'jsonSerializePlan' | 'jsonSerializeSql'
  | 'jsonStructure' | 'jsonTransform' | 'jsonTransformStrict' | 'jsonType' | 'jsonValid' | 'jsonValue'
  | 'julian' | 'kahanSum' | 'kurtosis' | 'kurtosisPop' | 'lag' | 'last' | 'lastDay' | 'lastValue' | 'lcase'
  | 'lcm' | 'lead' | 'least' | 'leastCommonMultiple' | 'left' | 'leftGrapheme' | 'len' | 'length'
  | 'lengthGrapheme' | 'levenshtein' | 'lgamma' | 'likeEscape' | 'list' | 'listAggr' | 'listAggregate'
  | 'listAnyValue' | 'listAppend' | 'listApply' | 'listApproxCountDistinct' | 'listAvg' | 'listBitAnd'
  | 'listBitOr' | 'listBitXor' | 'listBoolAnd' | 'listBoolOr' | 'listCat' | 'listConcat' | 'listContains'
  | 'listCosineDistance' | 'listCosineSimilarity' | 'listCount' | 'listDistance' | 'listDistinct'
  | 'listDotProduct' | 'listElement' | 'listEntropy' | 'listExtract' | 'listFilter' | 'listFirst'
  | 'listGradeUp' | 'listHas' | 'listHasAll' | 'listHasAny' | 'listHistogram' | 'listIndexof'
  | 'listInnerProduct' | 'listIntersect' | 'listKurtosis' | 'listKurtosisPop' | 'listLast' | 'listMad'
  | 'listMax' | 'listMedian' | 'listMin' | 'listMode' | 'listNegativeDotProduct' | 'listNegativeInnerProduct'
  | 'listPack' | 'listPosition' | 'listPrepend' | 'listProduct' | 'listReduce' | 'listResize' | 'listReverse'
  | 'listReverseSort' | 'listSelect' | 'listSem' | 'listSkewness' | 'listSlice' | 'listSort' | 'listStddevPop'
  | 'listStddevSamp' | 'listStringAgg' | 'listSum' | 'listTransform' | 'listUnique' | 'listValue'
  | 'listVarPop' | 'listVarSamp' | 'listWhere' | 'listZip' | 'listagg' | 'ln' | 'log' | 'log10' | 'log2'
  | 'lower' | 'lpad' | 'ltrim' | 'mad' | 'makeDate' | 'makeTime' | 'makeTimestamp' | 'makeTimestampMs'
  | 'makeTimestampNs' | 'makeTimestamptz' | 'makeType' | 'map' | 'mapConcat' | 'mapContains'
  | 'mapContainsEntry' | 'mapContainsValue' | 'mapEntries' | 'mapExtract' | 'mapExtractValue'
  | 'mapFromEntries' | 'mapKeys' | 'mapToPgOid' | 'mapValues' | 'max' | 'maxBy' | 'md5' | 'md5Number'
  | 'md5NumberLower' | 'md5NumberUpper' | 'mean' | 'median' | 'microsecond' | 'millennium' | 'millisecond'
  | 'min' | 'minBy' | 'minute' | 'mismatches' | 'mod' | 'mode' | 'month' | 'monthname' | 'multiply'
  | 'nanosecond' | 'nextafter' | 'nextval' | 'nfcNormalize' | 'normalizedInterval' | 'notIlikeEscape'
  | 'notLikeEscape' | 'now' | 'nthValue' | 'ntile' | 'nullif' | 'octetLength' | 'ord' | 'parseDirname'
  | 'parseDirpath' | 'parseDuckdbLogMessage' | 'parseFilename' | 'parseFormattedBytes' | 'parsePath'
  | 'percentRank' | 'pi' | 'position' | 'pow' | 'power' | 'prefix' | 'printf' | 'product' | 'quantile'
  | 'quantileCont' | 'quantileDisc' | 'quarter' | 'radians' | 'random' | 'range' | 'rank' | 'rankDense'
  | 'reduce' | 'regexpEscape' | 'regexpExtract' | 'regexpExtractAll' | 'regexpFullMatch' | 'regexpMatches'
  | 'regexpReplace' | 'regexpSplitToArray' | 'regexpSplitToTable' | 'regrAvgx' | 'regrAvgy' | 'regrCount'
  | 'regrIntercept' | 'regrR2' | 'regrSlope' | 'regrSxx' | 'regrSxy' | 'regrSyy' | 'remapStruct' | 'repeat'
  | 'replace' | 'replaceType' | 'reservoirQuantile' | 'reverse' | 'right' | 'rightGrapheme' | 'round'
  | 'roundEven' | 'roundbankers' | 'row' | 'rowNumber' | 'rowToJson' | 'rpad' | 'rtrim' | 'second' | 'sem'
  | 'sessionUser' | 'setBit' | 'setseed' | 'sha1' | 'sha256' | 'sign' | 'signbit' | 'sin' | 'sinh'
  | 'skewness' | 'sleepMs' | 'split' | 'splitPart' | 'sqrt' | 'stAsbinary' | 'stAstext' | 'stAswkb'
  | 'stAswkt' | 'stCrs' | 'stGeomfromwkb' | 'stIntersectsExtent' | 'stSetcrs' | 'startsWith' | 'stats'
  | 'stddev' | 'stddevPop' | 'stddevSamp' | 'strSplit' | 'strSplitRegex' | 'strftime' | 'stringAgg'
  | 'stringSplit' | 'stringSplitRegex' | 'stringToArray' | 'stripAccents' | 'strlen' | 'strpos' | 'strptime'
  | 'structConcat' | 'structContains' | 'structExtract' | 'structExtractAt' | 'structHas' | 'structIndexof'
  | 'structInsert' | 'structKeys' | 'structPack' | 'structPosition' | 'structUpdate' | 'structValues'
  | 'substr' | 'substring' | 'substringGrapheme' | 'subtract' | 'suffix' | 'sum' | 'sumNoOverflow'
  | 'sumkahan' | 'switch' | 'tan' | 'tanh' | 'timeBucket' | 'timetzByteComparable' | 'timezone'
  | 'timezoneHour' | 'timezoneMinute' | 'toBase' | 'toBase64' | 'toBinary' | 'toCenturies' | 'toDays'
  | 'toDecades' | 'toHex' | 'toHours' | 'toJson' | 'toMicroseconds' | 'toMillennia' | 'toMilliseconds'
  | 'toMinutes' | 'toMonths' | 'toQuarters' | 'toSeconds' | 'toTimestamp' | 'toWeeks' | 'toYears' | 'today'
  | 'transactionTimestamp' | 'translate' | 'trim' | 'trunc' | 'tryStrptime' | 'txidCurrent' | 'typeof'
  | 'ucase' | 'unbin' | 'unhex' | 'unicode' | 'unionExtract' | 'unionTag' | 'unionValue' | 'unpivotList'
  | 'upper' | 'urlDecode' | 'urlEncode' | 'user' | 'uuid' | 'uuidExtractTimestamp' | 'uuidExtractVersion'
  | 'uuidv4' | 'uuidv7' | 'varPop' | 'varSamp' | 'variance' | 'variantBytesToVariant' | 'variantExtract'
  | 'variantNormalize' | 'variantToParquetVariant' | 'variantTypeof' | 'vectorType' | 'version' | 'wavg'
  | 'week' | 'weekday' | 'weekofyear' | 'weightedAvg' | 'writeLog' | 'xor' | 'year' | 'yearweek'
