-- nothing
/* here */ ;;
